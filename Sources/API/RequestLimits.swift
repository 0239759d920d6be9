/// What a request may carry, whatever its dialect. More is a 400.
enum RequestLimits {
  /// JSON values in a body, keys not counted. A body of the largest size can have sixteen million, which take a gigabyte.
  static let values = 2_000_000
  /// Messages or items of a conversation.
  static let messages = 100_000
  /// Bytes of all instructions of a conversation together: system prompts, and those that options add.
  static let instructions = 4 * 1024 * 1024
  /// Bytes of the instructions of a response, which repeats them in its events.
  static let repeatedInstructions = 1024 * 1024
  /// Bytes of all functions a request offers, and of the schema of its answer.
  static let declarations = 512 * 1024
  /// Pairs of `metadata` that are no options, and bytes of their keys and values: OpenAI's limits.
  static let metadataPairs = 16
  static let metadataKey = 64
  static let metadataValue = 512
  /// Bytes of the fields that a response repeats of its request, together and with their escapes.
  static let repeatedFields = 4 * 1024 * 1024
  /// Bytes of all tool rules together. They become arguments of the CLI; the kernel takes 128 KiB for one.
  static let toolRules = 100 * 1024
}
