package import Bytes
package import ClaudeCode
package import Turns

/// The plainest dialect: it writes the answer's text, and keeps what came beside it.
package struct PlainWriter: AnswerWriter {
  private var output = ByteBuffer()
  private var answer = ""
  package private(set) var thinking = ""
  package private(set) var calls: [ChatToolCall] = []
  package private(set) var ending: AnswerEnding?
  package private(set) var error: ClaudeError?
  package private(set) var hasBegun = false
  package var startsLine = true

  package init() {}

  package var message: ChatMessage { ChatMessage(role: .assistant, text: answer, calls: calls) }

  package mutating func exchange(_ other: inout ByteBuffer) { swap(&output, &other) }

  package mutating func answerText(_ escaped: Span<UInt8>) { text(escaped) }

  package mutating func text(_ escaped: Span<UInt8>) {
    hasBegun = true
    output.append(escaped)
    answer += PlainWriter.unescaped(escaped)
  }

  package mutating func answerThinking(_ escaped: Span<UInt8>) {
    hasBegun = true
    startsLine = false
    thinking += PlainWriter.unescaped(escaped)
  }

  package mutating func functionCall(id: String, name: String) {
    hasBegun = true
    calls.append(ChatToolCall(id: id, name: name, arguments: ""))
  }

  package mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard let last = calls.popLast() else { return }
    calls.append(
      ChatToolCall(id: last.id, name: last.name, arguments: last.arguments + PlainWriter.unescaped(escaped)))
  }

  package mutating func finish(_ ending: AnswerEnding) { self.ending = ending }

  package mutating func fail(_ error: ClaudeError, usage: TokenUsage) { self.error = error }

  private static func unescaped(_ escaped: Span<UInt8>) -> String {
    (try? JSONValue(parsing: "\"\(escaped.text(in: 0..<escaped.count))\""))?.string ?? ""
  }
}

package typealias PlainEncoder = AnswerEncoder<PlainWriter>

extension PlainEncoder {
  package init(stop: [String] = []) { self.init(PlainWriter(), AnswerPlan(stop: stop)) }
}
