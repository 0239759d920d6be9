import Bytes
import EventLoop
import HTTPServer

/// Streams a message, delta by delta, to its end or its fault.
@Reactor
final class MessageBody: StreamingBody {
  private let message: StubMessage
  private let steps: [MessageStep]
  private let scheduler: any Scheduler
  private var next = 0
  private var deltas = 0
  private var timer: (any ScheduledTimer)?
  /// How long a congested connection gets before the next write.
  private static let congestionPause = Duration.milliseconds(1)

  init(_ message: StubMessage, scheduler: any Scheduler) {
    self.message = message
    self.scheduler = scheduler
    steps = MessageStep.all(of: message.answer)
  }

  func start(_ writer: BodyWriter) { play(to: writer) }

  func clientDidLeave() { timer?.cancel() }

  private func play(to writer: BodyWriter) {
    while next < steps.count {
      let step = steps[next]
      if let fault = message.answer.fault, step.mayFail, deltas >= fault.deltas || isLast(step) {
        return fail(fault, writer)
      }
      if writer.isCongested { return resume(writer, after: MessageBody.congestionPause) }
      writer.write { message.write(step, to: &$0) }
      next += 1
      guard step.isDelta else { continue }
      deltas += 1
      if message.answer.gap > .zero { return resume(writer, after: message.answer.gap) }
    }
    writer.finish()
  }

  private func resume(_ writer: BodyWriter, after pause: Duration) {
    timer = scheduler.schedule(after: pause) { [weak self] in self?.play(to: writer) }
  }

  private func isLast(_ step: MessageStep) -> Bool { if case .messageDelta = step { true } else { false } }

  private func fail(_ fault: StubFault, _ writer: BodyWriter) {
    switch fault {
    case .cut: writer.abort()
    case .errorEvent:
      writer.write { message.write(AnthropicError.overloaded.body, to: &$0) }
      writer.finish()
    case .stall, .status: break
    }
  }
}
