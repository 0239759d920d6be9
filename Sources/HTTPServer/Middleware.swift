public import EventLoop
public import HTTP

/// Looks at a request's head before its body is read, and may answer in the route's place. It never touches a body; what
/// belongs into the answer's head goes through `RequestContext.setResponseField`, what must happen after the answer's end
/// is registered with `RequestContext.whenEnded`.
@Reactor
public protocol Middleware {
  /// - Returns: the answer, if the request goes no further; nil to let it pass.
  /// - Throws: `HTTPError`, which is the answer then.
  func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse?
}

/// Puts middleware before a responder; the first of the list sees the request first.
@Reactor
public func chain(_ middleware: [any Middleware], _ responder: @escaping HeadResponder) -> HeadResponder {
  { head, context in
    for layer in middleware {
      if let response = try layer.intercept(head, context) { return .response(response) }
    }
    return try responder(head, context)
  }
}
