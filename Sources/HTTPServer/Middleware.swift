public import EventLoop

/// Looks at a request before the route does, and may answer in its place. It never touches a body; what belongs into
/// the answer's head goes through `RequestContext.setResponseField`, what must happen after the answer's end is
/// registered with `RequestContext.whenEnded`.
@Reactor
public protocol Middleware {
  /// - Returns: the answer, if the request goes no further; nil to let it pass.
  /// - Throws: `HTTPError`, which is the answer then.
  func intercept(_ request: HTTPRequest, _ context: RequestContext) throws -> HTTPResponse?
}

/// Puts middleware before a responder; the first of the list sees the request first.
@Reactor
public func chain(_ middleware: [any Middleware], _ responder: @escaping Responder) -> Responder {
  { request, context in
    for layer in middleware {
      if let response = try layer.intercept(request, context) { return .ready(response) }
    }
    return try responder(request, context)
  }
}
