import Directives
import HTTPServer

/// The line `stub: …` of a prompt, parsed.
struct Script {
  /// The whole line. `Attempts` counts requests by it.
  let line: String
  private let directives: Directives<StubDirective>

  /// Parses the last such line of `text`; nil if there is none.
  ///
  /// - Throws: `HTTPError` 400 for an unknown name and for a value that does not fit.
  init?(in text: String) throws(HTTPError) {
    guard let line = text.split(separator: "\n").last(where: Script.isScript) else { return nil }
    self.line = String(line)
    do throws(DirectiveError) {
      directives = try Directives(parsing: Script.trimmed(line).dropFirst(Script.mark.count))
    } catch {
      throw .invalidRequest("anthropic-stub: \(error)")
    }
  }

  func has(_ directive: StubDirective) -> Bool { directives.has(directive) }

  /// The number of a directive, or nil if the directive is absent.
  subscript(directive: StubDirective) -> Int? { directives[directive] }

  func word(_ directive: StubDirective) -> String? { directives.word(directive) }

  /// Removes the lines of scripts from `text`, and the empty lines around the rest.
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
}
