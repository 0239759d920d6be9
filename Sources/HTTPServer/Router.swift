public import EventLoop
public import HTTP

/// Finds the route of a request. Patterns are literal segments and `{name}` segments.
@Reactor
public struct Router {
  private struct Route {
    let method: String
    let pattern: String
    let segments: [Segment]
    let body: RequestBodyKind
    let responder: RouteResponder
  }

  private enum Segment: Equatable {
    case literal(String)
    case parameter(String)
  }

  private var routes: [Route] = []

  public init() {}

  /// A route that takes time to respond.
  ///
  /// - Parameter body: the kind of body it accepts; other requests are refused before their body is read.
  public mutating func on(
    _ method: String, _ pattern: String, body: RequestBodyKind = .none,
    _ responder: @escaping @Reactor (HTTPRequest, RequestContext, PathParameters) async throws -> HTTPResponse
  ) {
    add(method, pattern, body) { request, context, parameters in
      .pending { try await responder(request, context, parameters) }
    }
  }

  /// A route that responds at once.
  public mutating func on(
    _ method: String, _ pattern: String, body: RequestBodyKind = .none,
    atOnce responder: @escaping @Reactor (HTTPRequest, RequestContext, PathParameters) throws -> HTTPResponse
  ) {
    add(method, pattern, body) { request, context, parameters in
      .ready(try responder(request, context, parameters))
    }
  }

  /// A route that reads its body piece by piece.
  ///
  /// - Parameter limit: the longest body, in bytes. It may exceed the limit of bodies that are held.
  public mutating func on(
    _ method: String, _ pattern: String, streaming limit: Int,
    _ responder:
      @escaping @Reactor (HTTPRequestHead, RequestBodyStream, RequestContext, PathParameters) async throws
      -> HTTPResponse
  ) {
    add(method, pattern, .stream(limit: limit)) { request, context, parameters in
      guard let stream = request.body.stream else { throw HTTPError.internalError }
      return .pending { try await responder(request.head, stream, context, parameters) }
    }
  }

  private mutating func add(
    _ method: String, _ pattern: String, _ body: RequestBodyKind, _ responder: @escaping RouteResponder
  ) {
    let segments = Router.split(pattern).map { segment in
      segment.hasPrefix("{") ? Segment.parameter(String(segment.dropFirst().dropLast())) : .literal(segment)
    }
    precondition(
      !routes.contains { $0.method == method && $0.segments == segments }, "two routes for \(method) \(pattern)")
    routes.append(Route(method: method, pattern: pattern, segments: segments, body: body, responder: responder))
  }

  /// Finds the route of a request by its head, and stores its pattern in the context.
  ///
  /// - Throws: `HTTPError` 404 for an unknown path, 405 (with `allow`) for a method the path does not have, 501 for a
  ///   method HTTP does not have.
  public func admit(_ head: HTTPRequestHead, _ context: RequestContext) throws -> Admission {
    let method = head.method
    guard Router.knownMethods.contains(method) else {
      throw HTTPError(
        .notImplemented, type: "invalid_request_error", code: "unknown_method", message: "Unknown method \(method)")
    }
    // RFC 9110 section 9.3.7: about the server as a whole, not a path.
    if head.target == "*" { return .response(Router.options(Router.allowed(routes.map(\.method)))) }
    let path = head.segments
    // A HEAD is a GET whose body is not sent; the connection leaves it out.
    let wanted = method == "HEAD" ? "GET" : method
    var methods: [String] = []
    // By index: copying a route costs a reference count for each of its parts.
    for index in routes.indices {
      guard let parameters = Router.match(routes[index].segments, path) else { continue }
      if routes[index].method == wanted {
        context.route = routes[index].pattern
        return .route(MatchedRoute(routes[index].responder, body: routes[index].body, parameters))
      }
      methods.append(routes[index].method)
    }
    let allowed = Router.allowed(methods)
    guard !methods.isEmpty else {
      throw HTTPError.notFound("No route for \(method) \(head.path)", code: "unknown_url")
    }
    if method == "OPTIONS" { return .response(Router.options(allowed)) }
    throw HTTPError(
      .methodNotAllowed, type: "invalid_request_error", code: "method_not_allowed",
      message: "\(head.path) allows \(allowed), not \(method)",
      headers: [HTTPResponseHead.Field(name: "allow", value: allowed)])
  }

  /// Finds the route of a complete request and calls it.
  ///
  /// - Throws: as `admit`, and what the route throws.
  public func respond(_ request: HTTPRequest, _ context: RequestContext) throws -> HTTPReply {
    switch try admit(request.head, context) {
    case .response(let response): .ready(response)
    case .route(let route): try route.respond(request, context)
    }
  }

  private static let knownMethods: Set = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT",
  ]

  private static func options(_ allowed: String) -> HTTPResponse {
    HTTPResponse(head: HTTPResponseHead(.noContent, ["allow": allowed]))
  }

  private static func allowed(_ methods: [String]) -> String {
    let all = Set(methods).union(["OPTIONS"]).union(methods.contains("GET") ? ["HEAD"] : [])
    return all.sorted().joined(separator: ", ")
  }

  private static func split(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }

  private static func match(_ pattern: [Segment], _ path: [String]) -> PathParameters? {
    guard pattern.count == path.count else { return nil }
    var parameters = PathParameters()
    for (segment, text) in zip(pattern, path) {
      switch segment {
      case .literal(let literal): guard literal == text else { return nil }
      case .parameter(let name): parameters.values[name] = text
      }
    }
    return parameters
  }
}

/// The values of the `{name}` segments of a route's pattern.
public struct PathParameters: Sendable, Equatable {
  var values: [String: String] = [:]

  /// The decoded segment; empty for an unknown name.
  public subscript(name: String) -> String { values[name] ?? "" }
}
