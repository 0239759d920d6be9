package import Bytes
package import ClaudeCode
import HTTP
package import Turns

/// The chunks of one completion, and the whole completion. Text is spliced into a prebuilt frame as it came from the CLI:
/// the same escapes are valid in both.
package struct ChatCompletionChunks: DocumentWriter {
  private var output = ByteBuffer()
  package private(set) var hasBegun = false
  /// The answer's text so far, escaped, without the head.
  private var answer: [UInt8] = []
  /// The thinking so far; nil if only the chunks are needed.
  private var thinking: ByteBuffer?
  private var calls: [CollectedCall] = []
  private var ending: (reason: String, usage: JSONValue)?
  /// Whether the model's text is the answer: a structured answer comes with the result.
  private let includesText: Bool
  package var startsLine = true
  private let clientTools: [String: ClientTool]
  /// Whether the last call is of a custom tool and its input is not written yet.
  private var holdsInput = false
  private let identity: ChatCompletionIdentity
  private let head: String
  private let includesUsage: Bool
  private let frame: [UInt8]
  private let beforeDelta: [UInt8]
  private let beforeContent: [UInt8]
  private let beforeThinking: [UInt8]
  private let afterText: [UInt8]
  private let afterDelta: [UInt8]

  /// - Parameter keepsThinking: whether `document` will be used.
  init(_ identity: ChatCompletionIdentity, includesUsage: Bool, keepsThinking: Bool, _ plan: AnswerPlan) {
    self.identity = identity
    self.includesUsage = includesUsage
    head = plan.head
    clientTools = plan.clientTools
    includesText = plan.form == .text
    if keepsThinking { thinking = ByteBuffer() }
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

  package mutating func exchange(_ other: inout ByteBuffer) { swap(&output, &other) }

  package mutating func answerText(_ escaped: Span<UInt8>) {
    guard includesText else { return }
    text(escaped)
  }

  package mutating func text(_ escaped: Span<UInt8>) {
    begin()
    output.append(beforeContent)
    output.append(escaped)
    output.append(afterText)
    unsafe escaped.withUnsafeBufferPointer { unsafe answer.append(contentsOf: $0) }
  }

  package mutating func answerThinking(_ escaped: Span<UInt8>) {
    begin()
    startsLine = false
    output.append(beforeThinking)
    output.append(escaped)
    output.append(afterText)
    thinking?.append(escaped)
  }

  package mutating func functionCall(id: String, name: String) {
    begin()
    endCall()
    let isCustom = clientTools[name]?.isCustom == true
    holdsInput = isCustom
    output.append(beforeDelta)
    output.append("{\"tool_calls\":[{\"index\":")
    output.append(decimal: calls.count)
    output.append(",\"id\":")
    JSONText.append(CallID.openAI(id), to: &output)
    output.append(isCustom ? ChatCompletionChunks.customCall : ChatCompletionChunks.functionCall)
    JSONText.append(name, to: &output)
    output.append(isCustom ? ",\"input\":\"\"}}]}" : ",\"arguments\":\"\"}}]}")
    output.append(afterDelta)
    calls.append(CollectedCall(id: id, name: name, isCustom: isCustom))
  }

  private static let functionCall = ",\"type\":\"function\",\"function\":{\"name\":"
  private static let customCall = ",\"type\":\"custom\",\"custom\":{\"name\":"

  package mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard !calls.isEmpty else { return }
    calls[calls.count - 1].arguments.append(escaped)
    guard !holdsInput else { return }
    output.append(beforeDelta)
    output.append("{\"tool_calls\":[{\"index\":")
    output.append(decimal: calls.count - 1)
    output.append(",\"function\":{\"arguments\":\"")
    output.append(escaped)
    output.append("\"}}]}")
    output.append(afterDelta)
  }

  /// Writes the input of a custom call, which is known when all its arguments are.
  private mutating func endCall() {
    guard holdsInput, let call = calls.last?.call else { return }
    holdsInput = false
    output.append(beforeDelta)
    output.append("{\"tool_calls\":[{\"index\":")
    output.append(decimal: calls.count - 1)
    output.append(",\"custom\":{\"input\":")
    JSONText.append(ClientTool.input(ofArguments: call.arguments), to: &output)
    output.append("}}]}")
    output.append(afterDelta)
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

  package mutating func finish(_ ending: AnswerEnding) {
    let reason: String
    switch ending.reason {
    case .result(let result): reason = calls.isEmpty ? result.finishReason(last: ending.lastStopReason) : "tool_calls"
    case .calls: reason = "tool_calls"
    case .stopped: reason = "stop"
    }
    finish(reason: reason, usage: ending.usage.chatCompletionUsage(cost: ending.cost))
  }

  private mutating func finish(reason: String, usage: JSONValue) {
    begin()
    endCall()
    ending = (reason, usage)
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

  package mutating func fail(_ error: ClaudeError, usage: TokenUsage) {
    ServerSentEvent.data(HTTPErrorBody.encoded(error).span, to: &output)
    output.append(ServerSentEvent.done)
  }

  package var message: ChatMessage {
    ChatMessage(role: .assistant, text: (try? JSONText.unescape(answer.span)) ?? "", calls: calls.map(\.call))
  }

  /// The whole completion, once it has ended.
  var document: [UInt8] {
    ChatCompletionResponse(
      identity: identity, text: answer, thinking: thinking?.bytes ?? [], calls: calls.map(\.call),
      clientTools: clientTools,
      finishReason: ending?.reason ?? "stop", usage: ending?.usage ?? .null, head: head
    ).encoded
  }
}

/// Encodes a run as a chat completion, streamed or whole.
package typealias ChatCompletionEncoder = AnswerEncoder<ChatCompletionChunks>

extension ChatCompletionEncoder {
  /// - Parameter isStreamed: false if the whole completion is needed.
  package init(
    _ identity: ChatCompletionIdentity, includesUsage: Bool, isStreamed: Bool = true, _ plan: AnswerPlan = AnswerPlan()
  ) {
    self.init(
      ChatCompletionChunks(identity, includesUsage: includesUsage, keepsThinking: !isStreamed, plan), plan)
  }
}

/// A call of a client's function, collected.
private struct CollectedCall {
  let id: String
  let name: String
  let isCustom: Bool
  /// JSON text, as the inside of a JSON string.
  var arguments = ByteBuffer()

  /// As the client will send it back.
  var call: ChatToolCall {
    let text = (try? JSONText.unescape(arguments.span)) ?? "{}"
    guard isCustom else { return ChatToolCall(id: id, name: name, arguments: text) }
    return ChatToolCall(
      id: id, name: name, arguments: ClientTool.arguments(input: ClientTool.input(ofArguments: text)))
  }
}
