/// Limits of a request in any dialect. A request beyond them is a 400.
package enum RequestLimits {
  /// JSON values in a body, keys not counted. The largest body could have sixteen million, which take a gigabyte.
  package static let values = 2_000_000
  /// Messages or items of a conversation.
  package static let messages = 100_000
  /// Bytes of all instructions of a conversation: system prompts, and those that options add.
  package static let instructions = 4 * 1024 * 1024
  /// Bytes of the instructions of a response, which repeats them in its events.
  package static let repeatedInstructions = 1024 * 1024
  /// Bytes of all functions of a request and of the schema of its answer.
  package static let declarations = 512 * 1024
  /// Pairs of `metadata` that are not options, and bytes of their keys and values: OpenAI's limits.
  package static let metadataPairs = 16
  package static let metadataKey = 64
  package static let metadataValue = 512
  /// Bytes of the request's fields that a response repeats, together and escaped.
  package static let repeatedFields = 4 * 1024 * 1024
  /// Bytes of all tool rules together. They become arguments of the CLI, and the kernel limits one argument to 128 KiB.
  package static let toolRules = 100 * 1024
}

/// Limits of a request's images.
package enum ImageLimits {
  package static let mediaTypes: Set = ["image/png", "image/jpeg", "image/gif", "image/webp"]
  /// Of one image, in bytes of base64: the upstream's limit.
  package static let maximumLength = 5 * 1024 * 1024
  /// Images that the upstream gets at once. The newest messages may have no more; older ones are left out.
  package static let maximumCount = 20
}

/// Limits of a request's documents.
package enum DocumentLimits {
  /// Of one document, in bytes of base64, and of all that the upstream gets at once: its limit for a request is 32 MB.
  package static let maximumLength = 24 * 1024 * 1024
  /// Documents that the upstream gets at once: its limit is 100 pages. The newest messages may have no more; older ones
  /// are left out.
  package static let maximumCount = 100
}
