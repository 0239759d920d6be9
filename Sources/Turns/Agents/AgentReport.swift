package import Bytes
package import ClaudeCode

/// A summary of an agent's journal. It reads a run like an encoder, and writes nothing.
package struct AgentReport: RunEncoder {
  package private(set) var questions: [PermissionQuestion] = []
  /// The answer of the last turn.
  package private(set) var result: String?

  package init() {}

  package var hasContent: Bool { false }

  package mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    if message.kind == .result { result = TurnResult(line)?.text }
  }

  package mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    questions.append(question)
  }

  package mutating func encode(input: Span<UInt8>, to output: inout ByteBuffer) { result = nil }

  package mutating func closeParked(to output: inout ByteBuffer) {}

  package mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {}

  package mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {}
}

extension PermissionQuestion {
  /// The state in the words of the agents' API.
  package var agentJSON: JSONValue {
    ["request_id": .string(callID), "tool_name": .string(tool), "input": input]
  }
}
