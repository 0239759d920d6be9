public import EventLoop
public import HTTP

/// Sees a request's head before its body is read, and may respond instead of the route. It never touches a body. It
/// adds response fields with `RequestContext.setResponseField`, and work for after the response's end with
/// `RequestContext.whenEnded`.
@Reactor
public protocol Middleware {
  /// - Returns: the response, if the request is not passed on; nil to pass it on.
  /// - Throws: `HTTPError`, which becomes the response.
  func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse?
}

/// Puts middleware before a responder; the first in the list sees the request first.
@Reactor
public func chain(_ middleware: [any Middleware], _ responder: @escaping HeadResponder) -> HeadResponder {
  { head, context in
    for layer in middleware {
      if let response = try layer.intercept(head, context) { return .response(response) }
    }
    return try responder(head, context)
  }
}
