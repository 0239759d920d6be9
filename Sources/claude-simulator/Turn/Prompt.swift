import Bytes
import Directives

/// A user message: its text and its directives.
struct Prompt {
  /// The text without the directive lines.
  var text: String
  /// The directives of the prompt alone.
  let own: SimulatorDirectives
  /// The directives of the prompt, merged with the defaults of the environment.
  let directives: SimulatorDirectives
  /// The content as received.
  let content: JSONValue

  init(content: JSONValue, defaults: SimulatorDirectives) throws(LaunchFailure) {
    let lines = UserContent.text(content).utf8.split(separator: Ascii.lineFeed, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    self.content = content
    text = lines.filter { Prompt.directiveText($0) == nil }.joined(separator: "\n")
    own = try SimulatorDirectives.parsed(lines.compactMap(Prompt.directiveText).joined(separator: " "))
    directives = own.overriding(defaults)
  }

  /// Whether the CLI treats the text as one of its own commands, which never reach the model.
  var isCommand: Bool { text.utf8.first == UInt8(ascii: "/") }

  private static func directiveText(_ line: String) -> String? {
    let trimmed = line.drop { $0 == " " }
    return trimmed.hasPrefix(marker) ? String(trimmed.dropFirst(marker.count)) : nil
  }

  private static let marker = "simulate:"
}

/// The `content` of a user message: a string or blocks.
enum UserContent {
  /// The texts of the blocks, a line each. An image becomes its media type.
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
