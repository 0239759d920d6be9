import Bytes
import ClaudeCode

/// An answer's text and thinking, gathered as the insides of JSON strings.
struct CollectedAnswer: AnswerSink {
  private(set) var text = ByteBuffer()
  private(set) var thinking = ByteBuffer()
  /// Whether thinking that comes now begins a line.
  private var startsLine = true

  mutating func answerText(_ escaped: Span<UInt8>) { text.append(escaped) }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    thinking.append(escaped)
    startsLine = false
  }

  mutating func toolUse(name: String, input: JSONValue) { note(ToolNote.use(name: name, input: input)) }

  mutating func toolFailure(_ reason: String) { note(ToolNote.failure(reason)) }

  private mutating func note(_ text: String) {
    thinking.append(ToolNote.escaped(text, startsLine: startsLine))
    startsLine = true
  }
}
