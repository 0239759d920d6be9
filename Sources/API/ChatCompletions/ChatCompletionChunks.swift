import Bytes
import ClaudeCode
import HTTP
import Turns

/// The chunks of one completion. Text is spliced into a prebuilt frame as it came from the CLI: the same escapes are
/// valid in both.
struct ChatCompletionChunks: AnswerWriter {
  var output = ByteBuffer()
  private(set) var hasBegun = false
  /// What was told of the answer's text, escaped, without the head.
  private(set) var answer: [UInt8] = []
  private(set) var calls: [CollectedCall] = []
  /// Whether the model's text goes to the client: a structured answer comes with the result, and only that counts.
  private let tellsText: Bool
  /// Whether thinking that comes now begins a line.
  var startsLine = true
  private let head: String
  private let includesUsage: Bool
  private let frame: [UInt8]
  private let beforeDelta: [UInt8]
  private let beforeContent: [UInt8]
  private let beforeThinking: [UInt8]
  private let afterText: [UInt8]
  private let afterDelta: [UInt8]

  init(_ identity: ChatCompletionIdentity, includesUsage: Bool, head: String, tellsText: Bool) {
    self.head = head
    self.includesUsage = includesUsage
    self.tellsText = tellsText
    var frame = ByteBuffer()
    ServerSentEvent.beginData(&frame)
    frame.append(identity.begin(object: "chat.completion.chunk"))
    self.frame = frame.bytes
    beforeDelta = self.frame + Array(",\"choices\":[{\"index\":0,\"delta\":".utf8)
    beforeContent = beforeDelta + Array("{\"content\":\"".utf8)
    beforeThinking = beforeDelta + Array("{\"reasoning_content\":\"".utf8)
    let usage = includesUsage ? ",\"usage\":null" : ""
    afterDelta = Array(",\"logprobs\":null,\"finish_reason\":null}]\(usage)}\n\n".utf8)
    afterText = Array("\"}".utf8) + afterDelta
  }

  mutating func answerText(_ escaped: Span<UInt8>) {
    guard tellsText else { return }
    text(escaped)
  }

  mutating func text(_ escaped: Span<UInt8>) {
    begin()
    output.append(beforeContent)
    output.append(escaped)
    output.append(afterText)
    unsafe escaped.withUnsafeBufferPointer { unsafe answer.append(contentsOf: $0) }
  }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    begin()
    startsLine = false
    output.append(beforeThinking)
    output.append(escaped)
    output.append(afterText)
  }

  mutating func functionCall(id: String, name: String) {
    begin()
    output.append(beforeDelta)
    output.append("{\"tool_calls\":[{\"index\":")
    output.append(decimal: calls.count)
    output.append(",\"id\":")
    JSONText.append(id, to: &output)
    output.append(",\"type\":\"function\",\"function\":{\"name\":")
    JSONText.append(name, to: &output)
    output.append(",\"arguments\":\"\"}}]}")
    output.append(afterDelta)
    calls.append(CollectedCall(id: id, name: name))
  }

  mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard !calls.isEmpty else { return }
    output.append(beforeDelta)
    output.append("{\"tool_calls\":[{\"index\":")
    output.append(decimal: calls.count - 1)
    output.append(",\"function\":{\"arguments\":\"")
    output.append(escaped)
    output.append("\"}}]}")
    output.append(afterDelta)
    calls[calls.count - 1].arguments.append(escaped)
  }

  /// The role, once, before anything else; then the head, if there is one.
  private mutating func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    output.append(beforeDelta)
    output.append("{\"role\":\"assistant\",\"content\":\"")
    output.append(afterText)
    guard !head.isEmpty else { return }
    output.append(beforeContent)
    JSONText.appendEscaped(head.utf8, to: &output)
    output.append(afterText)
  }

  mutating func finish(reason: String, usage: JSONValue) {
    begin()
    output.append(beforeDelta)
    output.append("{},\"logprobs\":null,\"finish_reason\":\"\(reason)\"}]")
    if includesUsage { output.append(",\"usage\":null") }
    output.append("}\n\n")
    if includesUsage {
      output.append(frame)
      output.append(",\"choices\":[],\"usage\":")
      usage.write(to: &output)
      output.append("}\n\n")
    }
    output.append(ServerSentEvent.done)
  }
}
