import EventLoop
public import HTTP

/// What becomes of a request, decided on its head: before its body is read, or asked for.
public enum Admission {
  /// The request is answered already; its body is not wanted.
  case response(HTTPResponse)
  /// The route that takes the request once it is complete.
  case route(MatchedRoute)
}

/// Decides on a request by its head; or throws an `HTTPError`, which is the response then.
public typealias HeadResponder = @Reactor (HTTPRequestHead, RequestContext) throws -> Admission

/// The route of a request, and what the `{name}` segments of its pattern matched.
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
