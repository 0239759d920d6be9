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
      "id": .string(CallID.openAI(id)), "type": "function",
      "function": ["name": .string(name), "arguments": .string(arguments)],
    ]
  }
}
