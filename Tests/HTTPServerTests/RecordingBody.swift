import Bytes
import EventLoop
import HTTPServer
import HTTPServerTestSupport

/// A streaming body that a test writes by hand, and that remembers what happened to it.
@Reactor
final class RecordingBody: StreamingBody {
  enum Event: Equatable {
    case started
    case drained
    case clientLeft
  }

  private(set) var events: [Event] = []
  private(set) var writer: BodyWriter?
  var onDrain: (@Reactor () -> Void)?
  let probe: [UInt8]

  init(probe: String = "") { self.probe = Array(probe.utf8) }

  func start(_ writer: BodyWriter) {
    self.writer = writer
    events.append(.started)
  }

  func writerDidDrain() {
    events.append(.drained)
    onDrain?()
  }

  func clientDidLeave() { events.append(.clientLeft) }

  func write(_ text: String) { writer?.write { $0.append(text) } }

  func finish() { writer?.finish() }
}
