public import EventLoop

/// Answers a request, or throws an `HTTPError`.
public typealias Responder = @Reactor (HTTPRequest, RequestContext) async throws -> HTTPResponse

/// Looks at a request before the route does and at the head of the answer afterwards. It never touches a streaming
/// body; what must happen after the body's end is registered with `RequestContext.whenEnded`.
@Reactor
public protocol Middleware {
  func respond(to request: HTTPRequest, _ context: RequestContext, next: Responder) async throws -> HTTPResponse
}

/// Wraps a responder in middleware; the first of the list is the outermost.
@Reactor
public func chain(_ middleware: [any Middleware], _ responder: @escaping Responder) -> Responder {
  middleware.reversed().reduce(responder) { next, layer in
    { request, context in try await layer.respond(to: request, context, next: next) }
  }
}
