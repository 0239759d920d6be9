import Bytes
import EventLoop
import TestSupport

@testable import ClaudeCode

/// Remembers what a run said, and lets a test wait for it.
@Reactor
final class RunRecorder: RunObserver {
  private(set) var lines: [String] = []
  private(set) var kinds: [StreamMessage.Kind] = []
  private(set) var questions: [PermissionQuestion] = []
  private(set) var inputs: [JSONValue] = []
  private(set) var outcomes: [RunOutcome] = []
  var isCongested = false
  /// Called with each line.
  var onLine: (@Reactor (any RunSource) -> Void)?

  nonisolated init() {}

  func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    lines.append(line.text(in: 0..<line.count))
    kinds.append(message.kind)
    onLine?(run)
  }

  func run(_ run: any RunSource, didAsk question: PermissionQuestion) { questions.append(question) }

  func run(_ run: any RunSource, didTake input: Span<UInt8>) {
    if let value = try? JSONValue(parsing: input) { inputs.append(value) }
  }

  func run(_ run: any RunSource, didEnd outcome: RunOutcome) { outcomes.append(outcome) }

  func lines(_ count: Int) async { await until { self.lines.count >= count } }

  /// Waits for the end.
  func outcome() async -> RunOutcome? {
    await until { !self.outcomes.isEmpty }
    return outcomes.first
  }

  /// The error that the run ended with; nil for a result.
  func failure() async -> ClaudeError? {
    if case .failed(let error) = await outcome() { error } else { nil }
  }

  func result() async -> TurnResult? {
    if case .result(let result) = await outcome() { result } else { nil }
  }

  /// The answer, read from the lines.
  func answer() throws -> AnswerTranscript {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    try reader.read(lines.map { Array($0.utf8) }, into: &transcript)
    return transcript
  }
}
