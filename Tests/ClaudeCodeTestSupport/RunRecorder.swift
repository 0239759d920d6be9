package import Bytes
package import EventLoop
import TestSupport
import Testing

@testable package import ClaudeCode

/// Remembers what a run emitted, and lets a test wait for it.
@Reactor
package final class RunRecorder: RunObserver {
  package private(set) var lines: [String] = []
  package private(set) var kinds: [StreamMessage.Kind] = []
  package private(set) var questions: [PermissionQuestion] = []
  package private(set) var inputs: [JSONValue] = []
  package private(set) var outcomes: [RunOutcome] = []
  package var isCongested = false
  /// Called with each line.
  package var onLine: (@Reactor (any RunSource) -> Void)?

  package nonisolated init() {}

  package func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    lines.append(line.text(in: 0..<line.count))
    kinds.append(message.kind)
    onLine?(run)
  }

  package func run(_ run: any RunSource, didAsk question: PermissionQuestion) { questions.append(question) }

  package func run(_ run: any RunSource, didTake input: Span<UInt8>) {
    if let value = try? JSONValue(parsing: input) { inputs.append(value) }
  }

  package func run(_ run: any RunSource, didEnd outcome: RunOutcome) { outcomes.append(outcome) }

  package func lines(_ count: Int) async { await until { self.lines.count >= count } }

  /// Waits for the end.
  package func outcome() async -> RunOutcome? {
    await until { !self.outcomes.isEmpty }
    return outcomes.first
  }

  /// The error that the run ended with; nil for a result.
  package func failure() async -> ClaudeError? {
    if case .failed(let error) = await outcome() { error } else { nil }
  }

  package func result() async -> TurnResult? {
    if case .result(let result) = await outcome() { result } else { nil }
  }
}
