import Bytes
import ClaudeCode

/// An answer's text and thinking, gathered as the insides of JSON strings.
struct CollectedAnswer: AnswerSink {
  private(set) var text = ByteBuffer()
  private(set) var thinking = ByteBuffer()

  mutating func answerText(_ escaped: Span<UInt8>) { text.append(escaped) }

  mutating func answerThinking(_ escaped: Span<UInt8>) { thinking.append(escaped) }

  mutating func toolUse(name: String, input: JSONValue) {
    ToolNote.append(ToolNote.use(name: name, input: input), to: &thinking)
  }

  mutating func toolFailure(_ reason: String) { ToolNote.append(ToolNote.failure(reason), to: &thinking) }
}
