package import Bytes
package import ClaudeCode

/// A sink that writes an answer for a client: what is the same in every dialect.
package protocol AnswerWriter: AnswerSink {
  /// Whether thinking that comes now begins a line.
  var startsLine: Bool { get set }

  /// The answer's text, whoever made it.
  mutating func text(_ escaped: Span<UInt8>)
}

extension AnswerWriter {
  package mutating func toolUse(name: String, input: JSONValue) { note(ToolNote.use(name: name, input: input)) }

  package mutating func toolFailure(_ reason: String) { note(ToolNote.failure(reason)) }

  private mutating func note(_ text: String) {
    answerThinking(ToolNote.escaped(text, startsLine: startsLine).span)
    startsLine = true
  }

  /// The whole of a structured answer.
  package mutating func structured(_ output: JSONValue) {
    var escaped = ByteBuffer()
    JSONText.appendEscaped(output.encoded, to: &escaped)
    text(escaped.span)
  }

  /// A call in one piece.
  package mutating func call(_ call: ChatToolCall) {
    functionCall(id: call.id, name: call.name)
    var escaped = ByteBuffer()
    JSONText.appendEscaped(call.arguments.utf8, to: &escaped)
    functionArguments(escaped.span)
  }
}
