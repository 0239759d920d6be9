import Bytes

/// Input and output tokens, and their cost.
struct TokenCount {
  var input = 0
  var output = 0
  var thinking = 0

  static func + (left: TokenCount, right: TokenCount) -> TokenCount {
    TokenCount(
      input: left.input + right.input, output: left.output + right.output, thinking: left.thinking + right.thinking)
  }

  /// The prices of the recorded samples: 4 and 20 dollars a million.
  var cost: JSONValue { .number("\(Double(input * 4 + output * 20) / 1_000_000)") }

  /// `usage` of a result line.
  var usage: JSONValue {
    [
      "input_tokens": JSONValue(input), "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
      "output_tokens": JSONValue(output), "output_tokens_details": ["thinking_tokens": JSONValue(thinking)],
      "server_tool_use": ["web_search_requests": 0, "web_fetch_requests": 0], "service_tier": "standard",
      "cache_creation": ["ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0], "inference_geo": "",
      "iterations": [], "speed": "standard", "fallback_credit": nil,
    ]
  }

  /// `modelUsage` of a result line.
  func modelUsage(_ model: String) -> JSONValue {
    guard input > 0 else { return [:] }
    return [
      model: [
        "inputTokens": JSONValue(input), "outputTokens": JSONValue(output), "cacheReadInputTokens": 0,
        "cacheCreationInputTokens": 0, "webSearchRequests": 0, "costUSD": cost, "contextWindow": 1_000_000,
        "maxOutputTokens": 128_000, "thinkingTokens": JSONValue(thinking), "cacheCreationEphemeral5mInputTokens": 0,
        "cacheCreationEphemeral1hInputTokens": 0, "canonicalModel": .string(model), "provider": "firstParty",
        "costBasis": "list",
      ]
    ]
  }
}
