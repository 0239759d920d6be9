import Bytes
import ClaudeCode

/// A call of one of the client's functions, gathered.
struct CollectedCall {
  let id: String
  let name: String
  /// JSON text, as the inside of a JSON string.
  var arguments = ByteBuffer()

  init(id: String, name: String) {
    self.id = id
    self.name = name
  }

  var call: ChatToolCall {
    ChatToolCall(id: id, name: name, arguments: (try? JSONText.unescape(arguments.span)) ?? "{}")
  }
}

/// An answer's text, thinking and calls, gathered; texts as the insides of JSON strings.
struct CollectedAnswer: AnswerSink {
  private(set) var text = ByteBuffer()
  private(set) var thinking = ByteBuffer()
  private(set) var calls: [CollectedCall] = []
  /// Whether thinking that comes now begins a line.
  private var startsLine = true

  mutating func answerText(_ escaped: Span<UInt8>) { text.append(escaped) }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    thinking.append(escaped)
    startsLine = false
  }

  mutating func functionCall(id: String, name: String) { calls.append(CollectedCall(id: id, name: name)) }

  mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard !calls.isEmpty else { return }
    calls[calls.count - 1].arguments.append(escaped)
  }

  /// A call that the model did not make in the stream.
  mutating func add(_ call: ChatToolCall) {
    var collected = CollectedCall(id: call.id, name: call.name)
    JSONText.appendEscaped(call.arguments.utf8, to: &collected.arguments)
    calls.append(collected)
  }

  mutating func toolUse(name: String, input: JSONValue) { note(ToolNote.use(name: name, input: input)) }

  mutating func toolFailure(_ reason: String) { note(ToolNote.failure(reason)) }

  private mutating func note(_ text: String) {
    thinking.append(ToolNote.escaped(text, startsLine: startsLine))
    startsLine = true
  }
}
