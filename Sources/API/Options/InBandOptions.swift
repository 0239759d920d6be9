import Bytes
import ClaudeCode

/// Options written into a message: lines `key=value` at its very start, whose keys are option names.
///
/// The first line that is none of these begins the text, `foo=bar` included; one blank line between is dropped. Further
/// down nothing is ever read: a quoted sentence must not switch permissions off.
struct InBandOptions {
  var options = TurnOptions()
  /// The message without its option lines.
  var text: String

  /// - Throws: `HTTPError` 400 for a known key with a bad value.
  init(message: String) throws {
    var rest = message[...]
    var hasOptions = false
    while let (name, value, remainder) = InBandOptions.firstLine(of: rest) {
      try options.set(name, text: value)
      hasOptions = true
      rest = remainder
    }
    if hasOptions { rest = InBandOptions.droppingBlankLine(rest) }
    text = String(rest)
  }

  /// The same for a message of the past, where nobody can be told of a mistake: a bad line begins the text.
  init(lenient message: String) {
    let read = try? InBandOptions(message: message)
    options = read?.options ?? TurnOptions()
    text = read?.text ?? message
  }

  /// Writes options as such lines, for the head of an answer.
  static func lines(for options: TurnOptions, sessionID: String) -> String {
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
    add(.permissionMode, options.permissionMode?.name)
    add(.fileMentions, options.fileMentions.map { $0 ? "true" : "false" })
    return lines.joined(separator: "\n") + "\n\n"
  }

  private static func firstLine(of text: Substring) -> (OptionName, String, Substring)? {
    let line = text.prefix { !$0.isNewline }
    guard let equals = line.firstIndex(of: "=") else { return nil }
    let key = line[..<equals]
    guard let name = OptionName.allCases.first(where: { $0.rawValue == key || $0.snakeCase == key }) else { return nil }
    let value = line[line.index(after: equals)...]
    return (name, String(value), text[line.endIndex...].dropFirst())
  }

  private static func droppingBlankLine(_ text: Substring) -> Substring {
    let line = text.prefix { !$0.isNewline }
    return line.allSatisfy(\.isWhitespace) && line.endIndex < text.endIndex ? text[line.endIndex...].dropFirst() : text
  }
}
