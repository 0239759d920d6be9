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
    text = message
    try read()
  }

  /// The same for a message of the past, where nobody can be told of a mistake: a bad line begins the text.
  init(lenient message: String) {
    text = message
    do { try read() } catch {}
  }

  /// The same for an answer of the past. Its options are those the server wrote at its head, which begins with the
  /// session; what the model wrote is text, whatever it looks like.
  init(answer: String) {
    text = answer
    guard answer.hasPrefix("\(OptionName.sessionID.rawValue)=") else { return }
    do { try read() } catch {}
  }

  private mutating func read() throws {
    let message = text
    var rest = message[...]
    defer { text = String(rest.startIndex > message.startIndex ? InBandOptions.droppingBlankLine(rest) : rest) }
    while let (name, value, remainder) = InBandOptions.firstLine(of: rest) {
      try options.set(name, text: value)
      rest = remainder
    }
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
    add(.permissionMode, options.forwardsQuestions == true ? "ask" : options.permissionMode?.name)
    add(.fileMentions, options.fileMentions.map { $0 ? "true" : "false" })
    return lines.joined(separator: "\n") + "\n\n"
  }

  private static func firstLine(of text: Substring) -> (OptionName, String, Substring)? {
    let line = text.prefix { !$0.isNewline }
    guard let equals = line.firstIndex(of: "=") else { return nil }
    guard let name = OptionName(written: line[..<equals]) else { return nil }
    let value = line[line.index(after: equals)...]
    return (name, String(value), text[line.endIndex...].dropFirst())
  }

  private static func droppingBlankLine(_ text: Substring) -> Substring {
    let line = text.prefix { !$0.isNewline }
    return line.allSatisfy(\.isWhitespace) && line.endIndex < text.endIndex ? text[line.endIndex...].dropFirst() : text
  }
}
