import EventLoop
import HTTPServer

/// A body that never comes: the connection is cut at once, or stays silent.
@Reactor
final class FailingBody: StreamingBody {
  private let isCut: Bool

  init(isCut: Bool) { self.isCut = isCut }

  func start(_ writer: BodyWriter) { if isCut { writer.abort() } }

  func clientDidLeave() {}
}
