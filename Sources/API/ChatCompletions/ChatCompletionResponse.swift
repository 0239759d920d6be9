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
  /// The client's tools that are not plain functions.
  let clientTools: [String: ClientTool]
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
      JSONValue.array(calls.map { $0.json(as: clientTools[$0.name]) }).write(to: &output)
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
  ///
  /// - Parameter tool: the client's tool; nil for a plain function.
  func json(as tool: ClientTool?) -> JSONValue {
    guard tool?.isCustom != true else {
      let custom: JSONValue = ["name": .string(name), "input": .string(ClientTool.input(ofArguments: arguments))]
      return ["id": .string(CallID.openAI(id)), "type": "custom", "custom": custom]
    }
    return [
      "id": .string(CallID.openAI(id)), "type": "function",
      "function": ["name": .string(name), "arguments": .string(arguments)],
    ]
  }
}
