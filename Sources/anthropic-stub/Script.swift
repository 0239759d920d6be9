import HTTPServer

/// The line `stub: …`, taken apart.
struct Script {
  /// The whole line: what its requests are counted by.
  let line: String
  private var values: [Directive: String] = [:]

  /// The last such line of `text`, or nil.
  ///
  /// - Throws: `HTTPError` 400 for an unknown name and for a value that is no number where one is due.
  init?(in text: String) throws(HTTPError) {
    guard let line = text.split(separator: "\n").last(where: Script.isScript) else { return nil }
    self.line = String(line)
    for word in Script.trimmed(line).dropFirst(Script.mark.count).split(whereSeparator: \.isWhitespace) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let directive = Directive(rawValue: parts[0]) else {
        throw .invalidRequest("anthropic-stub: unknown directive '\(parts[0])'")
      }
      values[directive] = try Script.value(of: directive, parts.count > 1 ? parts[1] : nil)
    }
  }

  func has(_ directive: Directive) -> Bool { values[directive] != nil }

  /// The number given, or nil if the directive is absent.
  subscript(directive: Directive) -> Int? { values[directive].flatMap { Int($0) } }

  func word(_ directive: Directive) -> String? { values[directive] }

  /// `text` without the script's lines and the line ends around the rest.
  static func removed(from text: String) -> String {
    guard text.contains(mark) else { return text }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !isScript($0) }
    let isBlank = { (line: Substring) in line.allSatisfy(\.isWhitespace) }
    let start = lines.firstIndex { !isBlank($0) } ?? lines.endIndex
    let end = lines.lastIndex { !isBlank($0) } ?? start
    return lines[start..<min(end + 1, lines.endIndex)].joined(separator: "\n")
  }

  private static let mark = "stub:"

  private static func isScript(_ line: Substring) -> Bool { trimmed(line).hasPrefix(mark) }

  private static func trimmed(_ line: Substring) -> Substring { line.drop(while: \.isWhitespace) }

  private static func value(of directive: Directive, _ given: String?) throws(HTTPError) -> String {
    switch (directive.value, given) {
    case (.flag, nil): return ""
    case (.number(_, .some(let number)), nil): return String(number)
    case (.number, .some(let text)) where Int(text).map { $0 >= 0 } == true: return text
    case (.word, .some(let text)) where !text.isEmpty: return text
    default: throw .invalidRequest("anthropic-stub: bad value for directive '\(directive.rawValue)'")
    }
  }
}
