import Bytes

/// Adds up the upstream's token counts for the messages of one answer. A value.
struct UsageLedger: Sendable {
  private var before = TokenUsage()
  private var message = TokenUsage()

  var total: TokenUsage {
    var total = before
    total += message
    return total
  }

  mutating func beginMessage() {
    before += message
    message = TokenUsage()
  }

  /// The counts at the beginning of the current message.
  mutating func setMessage(_ usage: TokenUsage) { message = usage }

  /// Takes the usage object of a `message_delta`. The last one of a message has the message's total output.
  mutating func update(_ usage: Span<UInt8>) {
    guard let value = try? JSONValue(parsing: usage) else { return }
    let counted = TokenUsage(value)
    message.output = max(message.output, counted.output)
    message.thinking = max(message.thinking, counted.thinking)
    message.input = max(message.input, counted.input)
    message.cacheCreation = max(message.cacheCreation, counted.cacheCreation)
    message.cacheRead = max(message.cacheRead, counted.cacheRead)
  }
}
