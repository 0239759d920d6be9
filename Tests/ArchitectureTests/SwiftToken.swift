/// A token of Swift source, as far as the architecture tests need it.
struct SwiftToken: Equatable {
  enum Kind {
    case word
    case string
    /// One character of punctuation or of an operator.
    case mark
  }

  let kind: Kind
  let text: String
  let line: Int
  /// Whether white space, a comment or the beginning of the text precedes it.
  let isDetached: Bool

  func isWord(_ words: Set<String>) -> Bool { kind == .word && words.contains(text) }

  func isMark(_ marks: String) -> Bool { kind == .mark && marks.contains(text) }
}

/// Splits Swift source into tokens, without comments.
///
/// The content of a string is no token, but the code in its interpolations is. A regular expression between `#/` and
/// `/#` is a string; one between bare slashes is not recognized.
struct SwiftScanner {
  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var isDetached = true
  private var tokens: [SwiftToken] = []

  static func tokens(in text: String) -> [SwiftToken] {
    var scanner = SwiftScanner(bytes: Array(text.utf8))
    while scanner.index < scanner.bytes.count { scanner.scan() }
    return scanner.tokens
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func scan() {
    let byte = bytes[index]
    if SwiftScanner.isWord(byte) {
      word()
    } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") {
      skip(1)
      isDetached = true
    } else if starts("//") {
      skip((bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex) - index)
      isDetached = true
    } else if starts("/*") {
      blockComment()
      isDetached = true
    } else if let pounds = poundsBeforeString() {
      string(pounds: pounds)
    } else {
      add(.mark, String(decoding: bytes[index...index], as: UTF8.self))
      skip(1)
    }
  }

  private mutating func word() {
    let end = bytes[index...].firstIndex { !SwiftScanner.isWord($0) } ?? bytes.endIndex
    add(.word, String(decoding: bytes[index..<end], as: UTF8.self))
    skip(end - index)
  }

  // Block comments nest.
  private mutating func blockComment() {
    var depth = 0
    repeat {
      if starts("/*") {
        depth += 1
        skip(2)
      } else if starts("*/") {
        depth -= 1
        skip(2)
      } else {
        skip(1)
      }
    } while depth > 0 && index < bytes.count
  }

  /// How many `#` precede the quote or the slash of a literal that begins here; nil if none does.
  private func poundsBeforeString() -> Int? {
    let quote = bytes[index...].firstIndex { $0 != UInt8(ascii: "#") } ?? bytes.endIndex
    guard quote < bytes.endIndex else { return nil }
    if bytes[quote] == UInt8(ascii: "\"") { return quote - index }
    return bytes[quote] == UInt8(ascii: "/") && quote > index ? quote - index : nil
  }

  private mutating func string(pounds: Int) {
    add(.string, "")
    skip(pounds)
    let quote = bytes[index] == UInt8(ascii: "/") ? "/" : starts("\"\"\"") ? "\"\"\"" : "\""
    let end = quote + String(repeating: "#", count: pounds)
    let escape = "\\" + String(repeating: "#", count: pounds)
    skip(quote.utf8.count)
    while index < bytes.count, !starts(end) {
      if quote != "/", starts(escape + "(") {
        skip(escape.utf8.count)
        interpolation()
      } else {
        skip(starts(escape) ? escape.utf8.count + 1 : 1)
      }
    }
    skip(end.utf8.count)
    isDetached = false
  }

  private mutating func interpolation() {
    var depth = 0
    repeat {
      let first = tokens.count
      scan()
      // A nested string adds whole pairs of parentheses.
      for token in tokens[first...] {
        if token.isMark("(") { depth += 1 }
        if token.isMark(")") { depth -= 1 }
      }
    } while depth > 0 && index < bytes.count
  }

  private mutating func add(_ kind: SwiftToken.Kind, _ text: String) {
    tokens.append(SwiftToken(kind: kind, text: text, line: line, isDetached: isDetached))
    isDetached = false
  }

  private mutating func skip(_ count: Int) {
    let end = min(index + count, bytes.count)
    for byte in bytes[index..<end] where byte == UInt8(ascii: "\n") { line += 1 }
    index = end
  }

  private func starts(_ text: String) -> Bool { bytes[index...].starts(with: text.utf8) }

  // Letters beyond ASCII are words, too.
  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }
}
