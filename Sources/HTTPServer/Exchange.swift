import EventLoop
import HTTP

/// A request and what has been answered of it.
@Reactor
final class Exchange {
  let head: HTTPRequestHead
  let context: RequestContext
  var status: HTTPStatus?
  /// Body bytes so far, framing included.
  var bytes = 0
  /// Whether the connection may serve another request after this one.
  var keepsAlive: Bool
  /// What the request's body holds of the budget.
  var share: BodyShare?
  private var wasProbed = false

  init(_ head: HTTPRequestHead, _ context: RequestContext, keepsAlive: Bool) {
    self.head = head
    self.context = context
    self.keepsAlive = keepsAlive
  }

  var isHead: Bool { head.method == "HEAD" }

  /// Whether a body that comes in pieces is chunked; to an HTTP/1.0 client its end is the connection's.
  var isChunked: Bool { head.version == .http11 }

  /// Whether the client may be probed: once, for the answer to a probe can look like its cause.
  func takeProbe() -> Bool {
    defer { wasProbed = true }
    return !wasProbed
  }
}
