import Bytes

/// The usage numbers of a message.
struct StubUsage: Equatable {
  var input = 10
  var output = 0
  var cacheRead = 0
  var cacheCreation = 0

  init(_ script: Script?, deltas: Int) {
    input = script?[.inputTokens] ?? 10
    output = script?[.outputTokens] ?? max(1, deltas)
    cacheRead = script?[.cacheRead] ?? 0
    cacheCreation = script?[.cacheCreation] ?? 0
  }

  /// - Parameter isStart: whether this is for `message_start`, which counts one output token at most.
  func json(isStart: Bool = false) -> JSONValue {
    [
      "input_tokens": JSONValue(input),
      "cache_creation_input_tokens": JSONValue(cacheCreation),
      "cache_read_input_tokens": JSONValue(cacheRead),
      "output_tokens": JSONValue(isStart ? min(1, output) : output),
      "service_tier": "standard",
    ]
  }
}
