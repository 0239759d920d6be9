import Bytes
import ClaudeCode
import Turns

/// A whole `chat.completion`.
struct ChatCompletionResponse {
  let identity: ChatCompletionIdentity
  /// As the inside of a JSON string.
  let text: [UInt8]
  let thinking: [UInt8]
  let calls: [ChatToolCall]
  let finishReason: String
  let usage: JSONValue
  /// Text the answer begins with, before the model's own.
  let head: String

  /// - Parameter isWholeTurn: whether the answer began with its turn.
  /// - Throws: `ClaudeError` for an answer that is not of the form asked for.
  init(
    _ identity: ChatCompletionIdentity, _ run: CollectedRun, form: AnswerForm = .text, isWholeTurn: Bool = true,
    head: String = ""
  ) throws(ClaudeError) {
    self.identity = identity
    self.head = head
    thinking = run.answer.thinking.bytes
    (text, calls) = try ChatCompletionResponse.content(run, form)
    let last = run.result?.finishReason(last: run.stopReason) ?? "stop"
    finishReason = calls.isEmpty ? last : "tool_calls"
    let counted = run.result.flatMap { isWholeTurn ? $0.usage : nil } ?? run.usage
    usage = counted.chatCompletionUsage(cost: run.result?.totalCost)
  }

  private static func content(
    _ run: CollectedRun, _ form: AnswerForm
  ) throws(ClaudeError) -> ([UInt8], [ChatToolCall]) {
    let calls = run.answer.calls.map(\.call)
    guard form != .text, let result = run.result else { return (run.answer.text.bytes, calls) }
    guard let output = result.structuredOutput else { throw .unstructured }
    if let call = form.call(output) { return ([], calls + [call]) }
    var escaped = ByteBuffer()
    JSONText.appendEscaped(output.encoded, to: &escaped)
    return (escaped.bytes, calls)
  }

  /// The answer as the client will send it back.
  var message: ChatMessage {
    ChatMessage(role: .assistant, text: (try? JSONText.unescape(text.span)) ?? "", calls: calls)
  }

  /// The body's bytes.
  var encoded: [UInt8] {
    var output = identity.begin(object: "chat.completion")
    output.append(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":")
    appendContent(to: &output)
    output.append(",\"refusal\":null")
    if !thinking.isEmpty {
      output.append(",\"reasoning_content\":\"")
      output.append(thinking)
      output.append("\"")
    }
    if !calls.isEmpty {
      output.append(",\"tool_calls\":")
      JSONValue.array(calls.map(\.json)).write(to: &output)
    }
    output.append("},\"logprobs\":null,\"finish_reason\":\"\(finishReason)\"}],\"usage\":")
    usage.write(to: &output)
    output.append("}\n")
    return output.bytes
  }

  private func appendContent(to output: inout ByteBuffer) {
    guard !text.isEmpty || !head.isEmpty || calls.isEmpty else { return output.append("null") }
    output.append(Ascii.quote)
    JSONText.appendEscaped(head.utf8, to: &output)
    output.append(text)
    output.append(Ascii.quote)
  }
}

extension ChatToolCall {
  /// As OpenAI's answers spell it.
  var json: JSONValue {
    [
      "id": .string(id), "type": "function",
      "function": ["name": .string(name), "arguments": .string(arguments)],
    ]
  }
}
