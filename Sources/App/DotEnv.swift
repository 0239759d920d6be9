/// Reads `.env` files: `NAME=value` lines, comments, `export`, quotes.
///
/// - In double quotes `\n`, `\t`, `\"`, `\\` and `\$` are escapes; in single quotes nothing is.
/// - Without quotes, ` #` begins a comment and white space at the ends does not count.
package enum DotEnv {
  package struct SyntaxError: Error, Sendable, Equatable {
    /// From 1.
    package let line: Int
    package let reason: String
  }

  package static func parse(_ text: String) throws(SyntaxError) -> [String: String] {
    var variables: [String: String] = [:]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      guard let (name, value) = try entry(line, number: index + 1) else { continue }
      variables[name] = value
    }
    return variables
  }

  private static func entry(_ line: Substring, number: Int) throws(SyntaxError) -> (String, String)? {
    var line = trimmed(line)
    if line.isEmpty || line.hasPrefix("#") { return nil }
    if line.hasPrefix("export ") { line = trimmed(line.dropFirst(7)) }
    guard let equals = line.firstIndex(of: "=") else { throw SyntaxError(line: number, reason: "expected NAME=value") }
    let name = trimmed(line[..<equals])
    guard isName(name) else { throw SyntaxError(line: number, reason: "bad variable name") }
    return (String(name), try value(trimmed(line[line.index(after: equals)...]), number))
  }

  private static func value(_ text: Substring, _ number: Int) throws(SyntaxError) -> String {
    guard let quote = text.first, quote == "\"" || quote == "'" else { return String(withoutComment(text)) }
    var result = ""
    var rest = text.dropFirst()
    while let character = rest.popFirst() {
      if character == quote {
        let tail = trimmed(rest)
        guard tail.isEmpty || tail.hasPrefix("#") else {
          throw SyntaxError(line: number, reason: "something follows the closing quote")
        }
        return result
      }
      if character == "\\", quote == "\"", let escaped = rest.popFirst() {
        result += unescaped(escaped)
      } else {
        result.append(character)
      }
    }
    throw SyntaxError(line: number, reason: "the quote is not closed")
  }

  private static func unescaped(_ character: Character) -> String {
    switch character {
    case "n": "\n"
    case "r": "\r"
    case "t": "\t"
    case "\"", "\\", "$": String(character)
    default: "\\\(character)"
    }
  }

  private static func withoutComment(_ text: Substring) -> Substring {
    var previous: Character = " "
    for index in text.indices {
      if text[index] == "#" && previous.isWhitespace { return trimmed(text[..<index]) }
      previous = text[index]
    }
    return text
  }

  private static func isName(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy {
      (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
