import Bytes
import ClaudeCode

/// A whole `chat.completion`.
struct ChatCompletionResponse {
  let identity: ChatCompletionIdentity
  let result: TurnResult
  let stopReason: String?
  let answer: CollectedAnswer
  /// Text the answer begins with, before the model's own.
  let head: String

  /// The body's bytes.
  var encoded: [UInt8] {
    var output = identity.begin(object: "chat.completion")
    output.append(",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"")
    JSONText.appendEscaped(head.utf8, to: &output)
    output.append(answer.text)
    output.append("\",\"refusal\":null")
    if !answer.thinking.isEmpty {
      output.append(",\"reasoning_content\":\"")
      output.append(answer.thinking)
      output.append("\"")
    }
    output.append("},\"logprobs\":null,\"finish_reason\":\"\(result.finishReason(last: stopReason))\"}],\"usage\":")
    result.chatCompletionUsage.write(to: &output)
    output.append("}\n")
    return output.bytes
  }
}
