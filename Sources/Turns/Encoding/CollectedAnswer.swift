package import Bytes
import ClaudeCode

/// A call of one of the client's functions, gathered.
package struct CollectedCall {
  package let id: String
  package let name: String
  /// JSON text, as the inside of a JSON string.
  package var arguments = ByteBuffer()

  package init(id: String, name: String) {
    self.id = id
    self.name = name
  }

  package var call: ChatToolCall {
    ChatToolCall(id: id, name: name, arguments: (try? JSONText.unescape(arguments.span)) ?? "{}")
  }
}

/// An answer's text, thinking and calls, gathered; texts as the insides of JSON strings.
package struct CollectedAnswer: AnswerSink {
  package private(set) var text = ByteBuffer()
  package private(set) var thinking = ByteBuffer()
  package private(set) var calls: [CollectedCall] = []
  /// Whether thinking that comes now begins a line.
  private var startsLine = true

  package init() {}

  package mutating func answerText(_ escaped: Span<UInt8>) { text.append(escaped) }

  package mutating func answerThinking(_ escaped: Span<UInt8>) {
    thinking.append(escaped)
    startsLine = false
  }

  package mutating func functionCall(id: String, name: String) { calls.append(CollectedCall(id: id, name: name)) }

  package mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard !calls.isEmpty else { return }
    calls[calls.count - 1].arguments.append(escaped)
  }

  /// A call that the model did not make in the stream.
  package mutating func add(_ call: ChatToolCall) {
    var collected = CollectedCall(id: call.id, name: call.name)
    JSONText.appendEscaped(call.arguments.utf8, to: &collected.arguments)
    calls.append(collected)
  }

  package mutating func toolUse(name: String, input: JSONValue) { note(ToolNote.use(name: name, input: input)) }

  package mutating func toolFailure(_ reason: String) { note(ToolNote.failure(reason)) }

  private mutating func note(_ text: String) {
    thinking.append(ToolNote.escaped(text, startsLine: startsLine))
    startsLine = true
  }
}
