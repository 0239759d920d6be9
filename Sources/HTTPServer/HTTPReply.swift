import EventLoop

/// Answers a request, at once or later; or throws an `HTTPError`.
public typealias Responder = @Reactor (HTTPRequest, RequestContext) throws -> HTTPReply

/// What a responder has. Most small answers need no waiting, and waiting is what costs: a task and its switches are a
/// third of the work of a tiny request.
public enum HTTPReply {
  case ready(HTTPResponse)
  case pending(@Reactor () async throws -> HTTPResponse)

  /// The response, once it is there.
  @Reactor
  public func response() async throws -> HTTPResponse {
    switch self {
    case .ready(let response): response
    case .pending(let work): try await work()
    }
  }
}
