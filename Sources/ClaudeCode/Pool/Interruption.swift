import Bytes
import EventLoop

/// Ends the turn of a process without ending the process: sends an interrupt and waits for the turn's result.
@Reactor
final class Interruption: ClaudeProcessOwner {
  private let process: ClaudeProcess
  private let onEnd: @Reactor (Bool) -> Void
  private var timer: (any ScheduledTimer)?
  private var hasAsked = false
  private var hasEnded = false

  /// - Parameters:
  ///   - timeout: how long the process may take.
  ///   - onEnd: called once, with whether the process is fit for its next turn.
  init(
    _ process: ClaudeProcess, timeout: Duration, _ scheduler: any Scheduler,
    onEnd: @escaping @Reactor (Bool) -> Void
  ) {
    self.process = process
    self.onEnd = onEnd
    process.owner = self
    timer = scheduler.schedule(after: timeout) { [self] in end(false) }
    // The remaining output is dropped, but has to be read: the response comes on the same pipe.
    process.resumeOutput()
    if process.hasBegunTurn { ask() }
  }

  // An interrupt before the turn has begun would be acknowledged, and the turn would run all the same (CLI 2.1.329).
  private func ask() {
    guard !hasAsked else { return }
    hasAsked = true
    process.send(ControlMessage.interrupt(id: "interrupt-\(process.turns)"))
  }

  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    if process.hasBegunTurn { ask() }
    guard message.kind == .result else { return }
    if let total = TurnResult(line)?.totalCost { process.count(total) }
    end(true)
  }

  func processDidExit(_ status: ExitStatus) { end(false) }

  private func end(_ isFit: Bool) {
    guard !hasEnded else { return }
    hasEnded = true
    timer?.cancel()
    process.owner = nil
    onEnd(isFit)
  }
}
