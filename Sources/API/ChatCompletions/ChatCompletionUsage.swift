import Bytes
import ClaudeCode

extension TurnResult {
  /// The usage object of an OpenAI answer, with what the turn cost in US dollars.
  var chatCompletionUsage: JSONValue {
    var object: JSONObject = [
      "prompt_tokens": JSONValue(usage.prompt), "completion_tokens": JSONValue(usage.output),
      "total_tokens": JSONValue(usage.prompt + usage.output),
      "prompt_tokens_details": ["cached_tokens": JSONValue(usage.cacheRead)],
      "completion_tokens_details": ["reasoning_tokens": JSONValue(usage.thinking)],
    ]
    if let totalCost { object["cost_usd"] = .number("\(totalCost)") }
    return .object(object)
  }

  /// OpenAI's word for why the answer ended.
  ///
  /// - Parameter last: the stop reason of the last message.
  func finishReason(last: String?) -> String {
    if subtype == "error_max_turns" { return "length" }
    return switch last ?? stopReason {
    case "max_tokens", "model_context_window_exceeded": "length"
    case "refusal": "content_filter"
    default: "stop"
    }
  }
}
