import Bytes
import ClaudeCode
import EventLoop

/// Collects a run's whole answer.
@Reactor
final class RunCollector: RunObserver {
  private var reader: AnswerReader
  private let needsText: Bool
  private var answer = CollectedAnswer()
  private var failure: ClaudeError?
  private var outcome: RunOutcome?
  private var waiting: CheckedContinuation<RunOutcome, Never>?

  /// - Parameters:
  ///   - maximumCalls: how many calls one message may make.
  ///   - functions: the functions that the client has; nil for any.
  ///   - needsText: whether the answer is what the model says, rather than what comes with the result.
  ///   - stop: sequences before the first of which the text ends.
  init(
    maximumCalls: Int = .max, functions: Set<String>? = nil, needsText: Bool = true, stop: [String] = []
  ) {
    reader = AnswerReader(maximumCalls: maximumCalls, functions: functions, stop: stop)
    self.needsText = needsText
  }

  var isCongested: Bool { false }

  /// Waits for the run's end, or until it waits for what the client's functions answer.
  ///
  /// - Throws: whatever made the run end without a whole answer.
  func collected() async throws(ClaudeError) -> CollectedRun {
    // Looked at inside: before the continuation exists the task may have been suspended.
    let outcome = await withCheckedContinuation { continuation in
      if let ended = self.outcome { continuation.resume(returning: ended) } else { waiting = continuation }
    }
    if let failure { throw failure }
    if reader.isStopped { return run(nil) }
    switch outcome {
    case .failed(let error): throw error
    case .parked: return run(nil)
    case .result(let result):
      if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText || !needsText { throw error }
      try reader.finish(result, into: &answer)
      guard reader.hasText || reader.hasCalls || !answer.thinking.isEmpty || result.turns > 0 else {
        throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
      }
      return run(result)
    }
  }

  private func run(_ result: TurnResult?) -> CollectedRun {
    CollectedRun(
      answer: answer, stopReason: reader.stopReason, usage: reader.usage, result: result, isStopped: reader.isStopped)
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
    guard reader.isStopped, outcome == nil else { return }
    end(.failed(.satisfied))
    run.remove(self)
  }

  func run(_ run: Run, didAsk question: PermissionQuestion) { answer.add(ChatToolCall(question)) }

  func run(_ run: Run, didEnd outcome: RunOutcome) { end(outcome) }

  private func end(_ outcome: RunOutcome) {
    guard self.outcome == nil else { return }
    self.outcome = outcome
    waiting?.resume(returning: outcome)
    waiting = nil
  }
}

/// A run's whole answer.
struct CollectedRun {
  let answer: CollectedAnswer
  /// Why the last message stopped.
  let stopReason: String?
  /// What the upstream counted for the messages of this answer.
  let usage: TokenUsage
  /// Nil where the run waits for what the client's functions answer, or was left at a stop sequence.
  let result: TurnResult?
  var isStopped = false
}
