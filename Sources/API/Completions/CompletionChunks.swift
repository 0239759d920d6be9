package import Bytes
package import ClaudeCode
import HTTP
package import Turns

/// The chunks of one text completion, and the whole completion. It holds the answer's text only: this dialect has no
/// place for thinking, and none for calls.
package struct CompletionChunks: DocumentWriter {
  private var output = ByteBuffer()
  package private(set) var hasBegun = false
  /// The answer's text so far, escaped, without the head.
  private var answer: [UInt8] = []
  private var ending: (reason: String, usage: JSONValue)?
  /// Whether the model's text is the answer: a structured answer comes with the result.
  private let includesText: Bool
  package var startsLine = true
  private let identity: ChatCompletionIdentity
  private let head: String
  private let includesUsage: Bool
  private let frame: [UInt8]
  private let beforeText: [UInt8]
  private let afterText: [UInt8]

  /// `object` in every part.
  private static let object = "text_completion"

  init(_ identity: ChatCompletionIdentity, includesUsage: Bool, _ plan: AnswerPlan) {
    self.identity = identity
    self.includesUsage = includesUsage
    head = plan.head
    includesText = plan.form == .text
    var frame = ByteBuffer()
    ServerSentEvent.beginData(&frame)
    frame.append(identity.begin(object: CompletionChunks.object))
    self.frame = frame.bytes
    beforeText = self.frame + Array(",\"choices\":[{\"text\":\"".utf8)
    let usage = includesUsage ? ",\"usage\":null" : ""
    afterText = Array("\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}]\(usage)}\n\n".utf8)
  }

  package mutating func exchange(_ other: inout ByteBuffer) { swap(&output, &other) }

  package mutating func answerText(_ escaped: Span<UInt8>) {
    guard includesText else { return }
    text(escaped)
  }

  package mutating func text(_ escaped: Span<UInt8>) {
    begin()
    output.append(beforeText)
    output.append(escaped)
    output.append(afterText)
    unsafe escaped.withUnsafeBufferPointer { unsafe answer.append(contentsOf: $0) }
  }

  package mutating func answerThinking(_ escaped: Span<UInt8>) {}
  package mutating func functionCall(id: String, name: String) {}
  package mutating func functionArguments(_ escaped: Span<UInt8>) {}

  /// The head, if there is one, before anything else.
  private mutating func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    guard !head.isEmpty else { return }
    output.append(beforeText)
    JSONText.appendEscaped(head.utf8, to: &output)
    output.append(afterText)
  }

  package mutating func finish(_ ending: AnswerEnding) {
    let reason =
      if case .result(let result) = ending.reason { result.finishReason(last: ending.lastStopReason) } else { "stop" }
    finish(reason: reason, usage: ending.usage.chatCompletionUsage(cost: ending.cost))
  }

  private mutating func finish(reason: String, usage: JSONValue) {
    begin()
    ending = (reason, usage)
    output.append(beforeText)
    output.append("\",\"index\":0,\"logprobs\":null,\"finish_reason\":\"\(reason)\"}]")
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

  package mutating func fail(_ error: ClaudeError, usage: TokenUsage) {
    ServerSentEvent.data(HTTPErrorBody.encoded(error).span, to: &output)
    output.append(ServerSentEvent.done)
  }

  package var message: ChatMessage {
    ChatMessage(role: .assistant, text: (try? JSONText.unescape(answer.span)) ?? "")
  }

  /// The whole completion, once it has ended.
  var document: [UInt8] {
    var document = identity.begin(object: CompletionChunks.object)
    document.append(",\"choices\":[{\"text\":\"")
    JSONText.appendEscaped(head.utf8, to: &document)
    document.append(answer)
    document.append("\",\"index\":0,\"logprobs\":null,\"finish_reason\":\"\(ending?.reason ?? "stop")\"}],\"usage\":")
    (ending?.usage ?? .null).write(to: &document)
    document.append("}\n")
    return document.bytes
  }
}

/// Encodes a run as a text completion, streamed or whole.
package typealias CompletionEncoder = AnswerEncoder<CompletionChunks>

extension CompletionEncoder {
  package init(_ identity: ChatCompletionIdentity, includesUsage: Bool, _ plan: AnswerPlan = AnswerPlan()) {
    self.init(CompletionChunks(identity, includesUsage: includesUsage, plan), plan)
  }
}
