import Bytes
import ClaudeCode
import Turns

/// Gathers a run's answer for a completion that is given whole.
struct ChatCompletionCollector: RunEncoder {
  private var reader: AnswerReader
  private let needsText: Bool
  private var answer = CollectedAnswer()
  private var result: TurnResult?

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

  /// What there is so far.
  var run: CollectedRun {
    CollectedRun(
      answer: answer, stopReason: reader.stopReason, usage: reader.usage, result: result, isStopped: reader.isStopped)
  }

  var hasContent: Bool { reader.hasText || reader.hasCalls }
  var isSatisfied: Bool { reader.isStopped }

  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    try reader.read(message, line, into: &answer)
  }

  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {
    guard !reader.isStopped else { return }
    if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText || !needsText { throw error }
    try reader.finish(result, into: &answer)
    guard reader.hasText || reader.hasCalls || !answer.thinking.isEmpty || result.turns > 0 else {
      throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
    }
    self.result = result
  }

  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    answer.add(ChatToolCall(question))
  }

  mutating func closeParked(to output: inout ByteBuffer) {}

  mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {}
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
