import EventLoop

/// Responds to a request, at once or later, or throws an `HTTPError`.
public typealias Responder = @Reactor (HTTPRequest, RequestContext) throws -> HTTPReply

/// A response, or the work that makes it. Most small responses need no waiting, which is expensive: a task and its
/// switches are a third of the work of a tiny request.
public enum HTTPReply {
  case ready(HTTPResponse)
  case pending(@Reactor () async throws -> HTTPResponse)

  /// The response, when it is ready.
  @Reactor
  public func response() async throws -> HTTPResponse {
    switch self {
    case .ready(let response): response
    case .pending(let work): try await work()
    }
  }
}
