/// A regular expression of a schema, as the CLI compiles it: ECMAScript with the flag `u` (ECMA-262, section 22.2.1).
/// What other dialects write differently but mean alike is respelled; everything else that ECMAScript does not have is
/// a fault.
struct SchemaPattern {
  struct Fault: Error {
    let reason: String
  }

  /// The pattern in ECMAScript.
  private(set) var text = ""
  private var input: [Unicode.Scalar]
  private var position = 0
  private var groups = 0
  private var names: Set<String> = []
  private var backreferences: [Int] = []
  private var namedReferences: [String] = []

  /// - Throws: `Fault`.
  init(_ pattern: String) throws(Fault) {
    guard pattern.utf8.count <= SchemaLimits.pattern else {
      throw Fault(reason: "it is longer than \(SchemaLimits.pattern) bytes")
    }
    input = Array(pattern.unicodeScalars)
    try disjunction(depth: 0)
    guard position == input.count else { throw Fault(reason: "unmatched )") }
    if let number = backreferences.first(where: { $0 > groups }) { throw Fault(reason: "there is no group \(number)") }
    if let name = namedReferences.first(where: { !names.contains($0) }) {
      throw Fault(reason: "there is no group \(name)")
    }
  }

  /// The pattern of one name.
  static func matching(_ name: String) -> String {
    var pattern = "^"
    for character in name.unicodeScalars {
      if "^$\\.*+?()[]{}|/".unicodeScalars.contains(character) { pattern += "\\" }
      pattern.unicodeScalars.append(character)
    }
    return pattern + "$"
  }

  private var next: Unicode.Scalar? { position < input.count ? input[position] : nil }

  private func follows(_ text: String) -> Bool { input[position...].starts(with: text.unicodeScalars) }

  private mutating func copy(_ count: Int = 1) {
    text.unicodeScalars.append(contentsOf: input[position..<(position + count)])
    position += count
  }

  private mutating func skip(_ text: String) -> Bool {
    guard follows(text) else { return false }
    copy(text.unicodeScalars.count)
    return true
  }

  // MARK: Terms

  private static let maximumDepth = 64

  private mutating func disjunction(depth: Int) throws(Fault) {
    guard depth <= SchemaPattern.maximumDepth else { throw Fault(reason: "its groups are nested too deeply") }
    while let next, next != ")" { try term(next, depth: depth) }
  }

  private mutating func term(_ first: Unicode.Scalar, depth: Int) throws(Fault) {
    var isRepeatable = true
    switch first {
    case "|", "^", "$":
      copy()
      isRepeatable = false
    case "(": isRepeatable = try group(depth: depth)
    case "[": try characterClass()
    case "\\": isRepeatable = try escape()
    case "*", "+", "?": throw Fault(reason: "nothing to repeat before \(first)")
    case "{":
      guard quantifierLength == nil else { throw Fault(reason: "nothing to repeat before {") }
      literal()
    case "]", "}": literal()
    default: copy()
    }
    try quantifier(isRepeatable)
  }

  /// A character that only other dialects allow to stand for itself.
  private mutating func literal() {
    text += "\\"
    copy()
  }

  private mutating func quantifier(_ isRepeatable: Bool) throws(Fault) {
    guard let next, let length = "*+?".unicodeScalars.contains(next) ? 1 : quantifierLength else {
      // Python reads this as a quantifier, ECMAScript did as text.
      if follows("{,") { throw Fault(reason: "{, is not a quantifier in ECMAScript; write {0,") }
      return
    }
    guard isRepeatable else { throw Fault(reason: "nothing to repeat before \(next)") }
    try checkOrder(length)
    copy(length)
    _ = skip("?")
    if self.next == "+" { throw Fault(reason: "ECMAScript has no possessive quantifiers") }
  }

  /// The length of `{n}`, `{n,}` or `{n,m}` here; nil for anything else.
  private var quantifierLength: Int? {
    guard next == "{", let end = input[position...].firstIndex(of: "}") else { return nil }
    let bounds = input[(position + 1)..<end].split(separator: ",", omittingEmptySubsequences: false)
    guard (1...2).contains(bounds.count), !bounds[0].isEmpty, bounds.allSatisfy({ $0.allSatisfy(isDigit) }) else {
      return nil
    }
    return end + 1 - position
  }

  private func checkOrder(_ length: Int) throws(Fault) {
    guard next == "{" else { return }
    let bounds = input[(position + 1)..<(position + length - 1)].split(separator: ",").map {
      Double(String(String.UnicodeScalarView($0))) ?? 0
    }
    if bounds.count == 2, bounds[0] > bounds[1] { throw Fault(reason: "the numbers of a quantifier are out of order") }
  }

  // MARK: Groups

  /// - Returns: whether it may be repeated; an assertion may not.
  private mutating func group(depth: Int) throws(Fault) -> Bool {
    copy()
    var isRepeatable = true
    if follows("?=") || follows("?!") {
      copy(2)
      isRepeatable = false
    } else if follows("?<=") || follows("?<!") {
      copy(3)
      isRepeatable = false
    } else if skip("?<") {
      groups += 1
      let name = try groupName()
      guard names.insert(name).inserted else { throw Fault(reason: "two groups have one name") }
    } else if next == "?" {
      guard skip("?:") || skipFlags() else {
        throw Fault(reason: "ECMAScript has no groups that begin with (\(opening)")
      }
    } else {
      groups += 1
    }
    try disjunction(depth: depth + 1)
    guard skip(")") else { throw Fault(reason: "a group is not closed") }
    return isRepeatable
  }

  /// Flags for a group alone, as in `(?i:a)` (ECMA-262 of 2025); the CLI's engine has them (2.1.329).
  private mutating func skipFlags() -> Bool {
    let flags = input[(position + 1)...].prefix { "ims-".unicodeScalars.contains($0) }
    guard !flags.isEmpty, flags.count == Set(flags).count, flags.endIndex < input.count, input[flags.endIndex] == ":",
      flags.count > 1 || flags.first != "-"
    else { return false }
    copy(2 + flags.count)
    return true
  }

  private var opening: String { String(String.UnicodeScalarView(input[position...].prefix(2))) }

  private mutating func groupName() throws(Fault) -> String {
    guard let end = input[position...].firstIndex(of: ">"), end > position else {
      throw Fault(reason: "the name of a group is not closed")
    }
    let name = input[position..<end]
    guard name.allSatisfy({ $0 == "_" || $0 == "$" || isLetter($0) || isDigit($0) }), !isDigit(input[position]) else {
      throw Fault(reason: "the name of a group must be an identifier")
    }
    copy(end + 1 - position)
    return String(String.UnicodeScalarView(name))
  }

  // MARK: Escapes

  /// - Returns: whether it may be repeated; an assertion may not.
  private mutating func escape() throws(Fault) -> Bool {
    guard position + 1 < input.count else { throw Fault(reason: "it ends with a backslash") }
    switch input[position + 1] {
    case "b", "B":
      copy(2)
      return false
    case "A": return respell("^")
    case "Z", "z": return respell("$")
    case "k":
      copy(2)
      guard skip("<") else { throw Fault(reason: "\\k must be followed by the name of a group") }
      let name = try groupName()
      namedReferences.append(name)
    case "1"..."9":
      let digits = input[(position + 1)...].prefix(while: isDigit)
      backreferences.append(Int(String(String.UnicodeScalarView(digits))) ?? .max)
      copy(1 + digits.count)
    default: _ = try characterEscape()
    }
    return true
  }

  private mutating func respell(_ assertion: String) -> Bool {
    position += 2
    text += assertion
    return false
  }

  /// - Returns: the character; nil for a set of characters.
  private mutating func characterEscape() throws(Fault) -> Unicode.Scalar? {
    let name = input[position + 1]
    switch name {
    case "d", "D", "s", "S", "w", "W":
      copy(2)
      return nil
    case "p", "P":
      try property()
      return nil
    case "f", "n", "r", "t", "v": copy(2)
    case "0":
      copy(2)
      if let next, isDigit(next) { throw Fault(reason: "ECMAScript has no octal escapes") }
    case "x": try hexadecimal(2)
    case "u": try unicode()
    case "c":
      guard position + 2 < input.count, isLetter(input[position + 2]) else {
        throw Fault(reason: "\\c must be followed by a letter")
      }
      copy(3)
    case _ where isLetter(name) || isDigit(name): throw Fault(reason: "ECMAScript has no escape \\\(name)")
    case "^", "$", "\\", ".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "|", "/":
      copy(2)
      return name
    default:
      // Only other dialects escape it.
      position += 1
      copy()
      return name
    }
    return "\u{0}"
  }

  private mutating func property() throws(Fault) {
    let rest = input[(position + 2)...]
    guard rest.first == "{", let end = rest.firstIndex(of: "}"), end > rest.startIndex + 1,
      rest[(rest.startIndex + 1)..<end].allSatisfy({ isLetter($0) || isDigit($0) || $0 == "_" || $0 == "=" })
    else { throw Fault(reason: "\\p must be followed by a property in braces") }
    copy(end + 1 - position)
  }

  private mutating func hexadecimal(_ count: Int) throws(Fault) {
    let digits = input[(position + 2)...].prefix(count)
    guard digits.count == count, digits.allSatisfy(\.properties.isASCIIHexDigit) else {
      throw Fault(reason: "\\\(input[position + 1]) must be followed by \(count) hexadecimal digits")
    }
    copy(2 + count)
  }

  private mutating func unicode() throws(Fault) {
    let rest = input[(position + 2)...]
    guard rest.first == "{" else { return try hexadecimal(4) }
    guard let end = rest.firstIndex(of: "}"),
      let value = Int(String(String.UnicodeScalarView(rest[(rest.startIndex + 1)..<end])), radix: 16),
      (0...0x10FFFF).contains(value)
    else { throw Fault(reason: "\\u{…} must hold the number of a character") }
    copy(end + 1 - position)
  }

  // MARK: Classes

  private mutating func characterClass() throws(Fault) {
    copy()
    // Other dialects take this `]` for a character of the class, and ECMAScript for its end.
    guard next != "]", !follows("^]") else { throw Fault(reason: "a class in brackets is empty") }
    _ = skip("^")
    while let next, next != "]" {
      let first = try classAtom()
      guard follows("-"), position + 1 < input.count, input[position + 1] != "]" else { continue }
      copy()
      let last = try classAtom()
      guard let first, let last else { throw Fault(reason: "a range in brackets must have a character at each end") }
      if first != "\u{0}", last != "\u{0}", first > last { throw Fault(reason: "a range in brackets is out of order") }
    }
    guard skip("]") else { throw Fault(reason: "a class in brackets is not closed") }
  }

  /// - Returns: the character, U+0000 if it is not known; nil for a set of characters.
  private mutating func classAtom() throws(Fault) -> Unicode.Scalar? {
    guard let next else { throw Fault(reason: "a class in brackets is not closed") }
    if follows("[:") { throw Fault(reason: "ECMAScript has no classes such as [:alpha:]") }
    guard next == "\\" else {
      copy()
      return next
    }
    guard position + 1 < input.count else { throw Fault(reason: "it ends with a backslash") }
    guard input[position + 1] != "-", input[position + 1] != "b" else {
      copy(2)
      return "\u{0}"
    }
    return try characterEscape()
  }
}
private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
private func isLetter(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) }
