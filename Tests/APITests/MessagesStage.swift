import Bytes
import TestSupport

@testable import API
@testable import Turns
@testable import ClaudeCode

/// Does with lines what a run and its streams do: where the model waits for its client the answer ends, and another one
/// begins with the results. Has each answer as a stream and as one document.
struct MessagesStage {
  private let make: (_ isWholeTurn: Bool) -> MessagesEncoder
  private var encoder: MessagesEncoder
  private var desk = PendingCalls()
  private var output = ByteBuffer()
  private var isOver = false
  private(set) var documents = ""
  /// What went wrong before there was anything to show for it: the HTTP answer.
  private(set) var failure: ClaudeError?

  init(_ make: @escaping (_ isWholeTurn: Bool) -> MessagesEncoder) {
    self.make = make
    encoder = make(true)
  }

  init(form: AnswerForm = .text, tellsThinking: Bool = true, head: String = "", stop: [String] = []) {
    self.init { isWholeTurn in
      MessagesEncoder(
        MessagesIdentity(id: "msg_1", model: "claude-code"), tellsThinking: tellsThinking, head: head, form: form,
        stop: stop, isWholeTurn: isWholeTurn)
    }
  }

  static func recorded(_ name: String, form: AnswerForm = .text) -> MessagesStage {
    var stage = MessagesStage(form: form)
    for line in Recording("cli-2.1.329/\(name)").lines { stage.take(line.span) }
    return stage
  }

  /// All answers, one after the other.
  var text: String { String(decoding: output.bytes, as: UTF8.self) }
  /// The answer under way, as its client will send it back.
  var message: ChatMessage { encoder.message }

  mutating func take(_ lines: [String]) {
    for line in lines { take(Array(line.utf8).span) }
  }

  mutating func take(_ line: Span<UInt8>) {
    guard !isOver, let message = StreamMessage(scanning: line) else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
      if encoder.isSatisfied { return end { $0.closeEarly(to: &$1) } }
      if let result = TurnResult(line) {
        try encoder.close(result, to: &output)
        end { _, _ in }
      }
    } catch {
      fail(error)
    }
    if !isOver, desk.read(message, line) { goOn() }
  }

  private mutating func goOn() {
    end { $0.closeParked(to: &$1) }
    isOver = false
    encoder = make(false)
    desk.take(Dictionary(uniqueKeysWithValues: desk.open.map { ($0, FunctionResult([])) }))
  }

  private mutating func end(_ close: (inout MessagesEncoder, inout ByteBuffer) -> Void) {
    isOver = true
    close(&encoder, &output)
    documents += String(decoding: encoder.document, as: UTF8.self)
  }

  mutating func fail(_ error: ClaudeError) {
    isOver = true
    if encoder.hasContent { encoder.close(error, to: &output) } else { failure = error }
  }
}

extension String {
  /// The events of a stream: names and documents.
  var events: [(name: String, data: JSONValue)] {
    get throws {
      try split(separator: "\n\n").map { frame in
        let lines = frame.split(separator: "\n")
        let name = lines.first.map { String($0.dropFirst("event: ".count)) } ?? ""
        return (name, try JSONValue(parsing: String(lines.last?.dropFirst("data: ".count) ?? "")))
      }
    }
  }
}
