import EventLoop
public import HTTP

/// The decision on a request by its head: before its body is read, or asked for.
public enum Admission {
  /// The request is answered, and its body ignored.
  case response(HTTPResponse)
  /// The route that gets the request.
  case route(MatchedRoute)
}

/// Decides on a request by its head. An `HTTPError` that it throws is the response.
public typealias HeadResponder = @Reactor (HTTPRequestHead, RequestContext) throws -> Admission

/// The route of a request, and the values of the `{name}` segments of its pattern.
public struct MatchedRoute {
  public let body: RequestBodyKind
  let parameters: PathParameters
  private let responder: RouteResponder

  init(_ responder: @escaping RouteResponder, body: RequestBodyKind, _ parameters: PathParameters) {
    self.responder = responder
    self.body = body
    self.parameters = parameters
  }

  /// A route without a router, for every path.
  public init(body: RequestBodyKind, _ responder: @escaping Responder) {
    self.init({ request, context, _ in try responder(request, context) }, body: body, PathParameters())
  }

  /// - Throws: `HTTPError`.
  @Reactor
  public func respond(_ request: HTTPRequest, _ context: RequestContext) throws -> HTTPReply {
    try responder(request, context, parameters)
  }
}

typealias RouteResponder = @Reactor (HTTPRequest, RequestContext, PathParameters) throws -> HTTPReply
