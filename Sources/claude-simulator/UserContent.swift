import Bytes

/// The `content` of a user message: a string or blocks.
enum UserContent {
  /// The texts of its blocks, a line each; an image is named by its type.
  static func text(_ content: JSONValue?) -> String {
    if let text = content?.string { return text }
    return (content?.array ?? []).compactMap(text(ofBlock:)).joined(separator: "\n")
  }

  private static func text(ofBlock block: JSONValue) -> String? {
    switch block["type"]?.string {
    case "text": block["text"]?.string
    case "image": "[image \(block["source"]?["media_type"]?.string ?? "of unknown type")]"
    default: nil
    }
  }
}
