import Bytes
import ClaudeCode

extension TokenUsage {
  /// The usage object of one of Anthropic's messages.
  var messagesUsage: JSONValue {
    [
      "input_tokens": JSONValue(input), "cache_creation_input_tokens": JSONValue(cacheCreation),
      "cache_read_input_tokens": JSONValue(cacheRead), "output_tokens": JSONValue(output),
    ]
  }
}

/// Why a message ended, in Anthropic's terms.
struct MessagesStop: Equatable {
  let reason: String
  /// The stop sequence at which it ended.
  var sequence: String?

  static let toolUse = MessagesStop(reason: "tool_use")

  static func sequence(_ sequence: String) -> MessagesStop {
    MessagesStop(reason: "stop_sequence", sequence: sequence)
  }

  /// - Parameter last: the stop reason of the last upstream message.
  static func end(_ result: TurnResult, last: String?) -> MessagesStop {
    // A turn limit cuts an answer short as a token limit does.
    if result.wasCut { return MessagesStop(reason: "max_tokens") }
    let reason = last ?? result.stopReason ?? ""
    return MessagesStop(reason: passedOn.contains(reason) ? reason : "end_turn")
  }

  // Other reasons concern tools that Claude Code has used itself, or sequences that it was not given.
  private static let passedOn: Set = ["max_tokens", "refusal", "pause_turn", "model_context_window_exceeded"]
}
