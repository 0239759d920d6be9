import Bytes
import ClaudeCode

/// What an agent's journal says in short. It is read like any other encoder reads a run, and writes nothing.
struct AgentReport: RunEncoder {
  private(set) var questions: [PermissionQuestion] = []
  /// What the last turn came to.
  private(set) var result: String?

  var hasContent: Bool { false }

  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    if message.kind == .result { result = TurnResult(line)?.text }
  }

  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) { questions.append(question) }

  mutating func encode(input: Span<UInt8>, to output: inout ByteBuffer) { result = nil }

  mutating func closeParked(to output: inout ByteBuffer) {}

  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {}

  mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {}
}
