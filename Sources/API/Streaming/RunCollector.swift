import Bytes
import ClaudeCode
import EventLoop

/// Collects a run's whole answer.
@Reactor
final class RunCollector: RunObserver {
  private var reader = AnswerReader()
  private(set) var answer = CollectedAnswer()
  private var failure: ClaudeError?
  private var outcome: RunOutcome?
  private var waiting: CheckedContinuation<RunOutcome, Never>?

  var stopReason: String? { reader.stopReason }
  var isCongested: Bool { false }

  /// Waits for the run's end.
  ///
  /// - Throws: whatever made the run end without a whole answer.
  func result() async throws(ClaudeError) -> TurnResult {
    // Looked at inside: before the continuation exists the task may have been suspended.
    let outcome = await withCheckedContinuation { continuation in
      if let ended = self.outcome { continuation.resume(returning: ended) } else { waiting = continuation }
    }
    if let failure { throw failure }
    switch outcome {
    case .failed(let error): throw error
    case .result(let result):
      if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText { throw error }
      try reader.finish(result, into: &answer)
      guard reader.hasText || !answer.thinking.isEmpty || result.turns > 0 else {
        throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
      }
      return result
    }
  }

  /// The client is gone.
  func abandon() { end(.failed(ClaudeError(.cancelled, "The client left", reachedCLI: true))) }

  func run(_ run: Run, didReceive message: StreamMessage, in line: Span<UInt8>) {
    guard failure == nil else { return }
    do throws(ClaudeError) {
      try reader.read(message, line, into: &answer)
    } catch {
      failure = error
      run.cancel()
    }
  }

  func run(_ run: Run, didEnd outcome: RunOutcome) { end(outcome) }

  private func end(_ outcome: RunOutcome) {
    guard self.outcome == nil else { return }
    self.outcome = outcome
    waiting?.resume(returning: outcome)
    waiting = nil
  }
}
