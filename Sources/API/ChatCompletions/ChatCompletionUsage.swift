import Bytes
import ClaudeCode

extension TokenUsage {
  /// OpenAI's usage object.
  ///
  /// - Parameter cost: US dollars; nil if it is unknown.
  func chatCompletionUsage(cost: Double?) -> JSONValue {
    var object: JSONObject = [
      "prompt_tokens": JSONValue(prompt), "completion_tokens": JSONValue(output),
      "total_tokens": JSONValue(total),
      "prompt_tokens_details": ["cached_tokens": JSONValue(cacheRead)],
      "completion_tokens_details": ["reasoning_tokens": JSONValue(thinking)],
    ]
    if let cost { object["cost_usd"] = .number("\(cost)") }
    return .object(object)
  }
}

extension TurnResult {
  /// OpenAI's name for why the answer ended.
  ///
  /// - Parameter last: the stop reason of the last message.
  func finishReason(last: String?) -> String {
    if wasCut { return "length" }
    return switch last ?? stopReason {
    case "max_tokens", "model_context_window_exceeded": "length"
    case "refusal": "content_filter"
    default: "stop"
    }
  }
}
