import Bytes
package import ClaudeCode

/// Options inside a message: lines `key=value` at its very start, whose keys are option names.
///
/// The first other line begins the text, `foo=bar` included; one blank line between them is dropped. Nothing further
/// down is read: a quoted sentence must not switch permissions off.
package struct InBandOptions {
  package var options = TurnOptions()
  /// The message without its option lines.
  package var text: String

  /// - Throws: `RequestError` 400 for a known key with a bad value.
  package init(message: String) throws {
    text = message
    try read()
  }

  /// The same for a message of the past, whose mistakes cannot be reported: a bad line begins the text.
  package init(lenient message: String) {
    text = message
    do { try read() } catch {}
  }

  /// The same for an answer of the past. Its options are those that the server wrote at its head, beginning with the
  /// session; what the model wrote is text.
  package init(answer: String) {
    text = answer
    guard InBandOptions.mayHead(answer: answer) else { return }
    do { try read() } catch {}
  }

  /// Whether an answer begins like one that the server has written options into.
  package static func mayHead(answer: String) -> Bool { answer.utf8.starts(with: answerHead) }

  private static let answerHead = Array("\(OptionName.sessionID.rawValue)=".utf8)

  /// How many option lines a message may begin with; later ones are text. There are half as many options.
  package static let maximumLines = 32

  private mutating func read() throws {
    let message = text
    var rest = message[...]
    var lines = 0
    defer { text = lines > 0 ? String(InBandOptions.droppingBlankLine(rest)) : message }
    while lines < InBandOptions.maximumLines, let (name, value, remainder) = InBandOptions.firstLine(of: rest) {
      try options.set(name, text: value)
      rest = remainder
      lines += 1
    }
  }

  /// Options as lines for the head of an answer.
  package static func lines(for options: TurnOptions, sessionID: String) -> String {
    var lines = ["session-id=\(sessionID)"]
    func add(_ name: OptionName, _ value: String?) {
      if let value, !value.contains(where: \.isNewline) { lines.append("\(name.rawValue)=\(value)") }
    }
    func list(_ tools: [String]?) -> String? { tools.map { JSONValue.array($0.map { .string($0) }).text } }
    add(.workspace, options.workspace)
    add(.systemPrompt, options.systemPrompt)
    add(.appendSystemPrompt, options.appendSystemPrompt)
    add(.allowedTools, list(options.allowedTools))
    add(.disallowedTools, list(options.disallowedTools))
    add(.mcpAllowedTools, list(options.mcpAllowedTools))
    add(.dangerouslySkipPermissions, options.dangerouslySkipPermissions.map { $0 ? "true" : "false" })
    add(.permissionMode, options.forwardsQuestions == true ? "ask" : options.permissionMode?.name)
    add(.fileMentions, options.fileMentions.map { $0 ? "true" : "false" })
    return lines.joined(separator: "\n") + "\n\n"
  }

  /// The option at the beginning of the text, its value, and the text after its line. Most texts have none: only as
  /// much is examined as the longest name takes.
  private static func firstLine(of text: Substring) -> (OptionName, String, Substring)? {
    let head = text.utf8.prefix(OptionName.longestSpelling + 1)
    guard let equals = head.firstIndex(of: Ascii.equals), let name = OptionName(written: text[..<equals]) else {
      return nil
    }
    let value = text[text.utf8.index(after: equals)...]
    let end = lineEnd(of: value)
    return (name, String(value[..<end]), value[end...].dropFirst())
  }

  private static func droppingBlankLine(_ text: Substring) -> Substring {
    let end = text.utf8.firstIndex { $0 != Ascii.space && $0 != Ascii.tab } ?? text.endIndex
    guard end < text.endIndex, text[end].isNewline else { return text }
    return text[end...].dropFirst()
  }

  /// The end of the line: the first character for which `Character.isNewline` is true.
  private static func lineEnd(of text: Substring) -> Substring.Index {
    text.utf8.indices.first { index in
      switch text.utf8[index] {
      case 0x0A...0x0D: true
      // The first bytes of U+0085, U+2028 and U+2029.
      case 0xC2, 0xE2: text[index].isNewline
      default: false
      }
    } ?? text.endIndex
  }
}
