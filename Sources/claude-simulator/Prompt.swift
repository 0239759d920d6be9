import Bytes

/// What the user said, and what the simulator is asked to do about it.
struct Prompt {
  /// The text without the directive lines.
  var text: String
  /// Those of the prompt alone.
  let own: Directives
  /// Those of the prompt and of the environment.
  let directives: Directives
  /// As it came.
  let content: JSONValue

  init(content: JSONValue, defaults: Directives) throws(LaunchFailure) {
    let lines = UserContent.text(content).utf8.split(separator: Ascii.lineFeed, omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    self.content = content
    text = lines.filter { Prompt.directiveText($0) == nil }.joined(separator: "\n")
    own = try Directives(parsing: lines.compactMap(Prompt.directiveText).joined(separator: " "))
    directives = own.overriding(defaults)
  }

  /// A text that the CLI takes for one of its own commands: it never reaches the model.
  var isCommand: Bool { text.utf8.first == UInt8(ascii: "/") }

  private static func directiveText(_ line: String) -> String? {
    let trimmed = line.drop { $0 == " " }
    return trimmed.hasPrefix(marker) ? String(trimmed.dropFirst(marker.count)) : nil
  }

  private static let marker = "simulate:"
}
