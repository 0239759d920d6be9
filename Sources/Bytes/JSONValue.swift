/// A JSON document in memory, for cold paths: request bodies, configuration, control messages.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The number's own text, so that nothing is lost between reading and writing.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of a JSON object, in order. A repeated key keeps its last value.
public struct JSONObject: Sendable, Equatable {
  public struct Member: Sendable, Equatable {
    public let key: String
    public var value: JSONValue
  }

  public private(set) var members: [Member] = []

  public init() {}

  /// Of two members with one key the last value counts.
  public init(_ members: some Sequence<(key: String, value: JSONValue)>) {
    self.init(parsed: members.map { Member(key: $0.key, value: $0.value) })
  }

  public subscript(key: String) -> JSONValue? {
    get { members.last { $0.key.utf8.elementsEqual(key.utf8) }?.value }
    set {
      guard let newValue else { return members.removeAll { $0.key.utf8.elementsEqual(key.utf8) } }
      if let index = members.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
        members[index].value = newValue
      } else {
        members.append(Member(key: key, value: newValue))
      }
    }
  }

  public var isEmpty: Bool { members.isEmpty }
  public var keys: [String] { members.map(\.key) }

  /// The same members with other keys. Of two members with one new key the last value counts.
  public func renamed(_ newKey: (String) -> String) -> JSONObject {
    JSONObject(parsed: members.map { Member(key: newKey($0.key), value: $0.value) })
  }

  /// The same keys with other values.
  public func mapValues(_ newValue: (Member) throws -> JSONValue) rethrows -> JSONObject {
    var object = self
    for index in members.indices { object.members[index].value = try newValue(members[index]) }
    return object
  }

  /// Up to this many members are compared with one another, which costs less than hashing their keys.
  private static let comparedMembers = 16

  fileprivate init(parsed members: [Member]) {
    guard members.count > JSONObject.comparedMembers else {
      for member in members { self[member.key] = member.value }
      return
    }
    // By bytes: to Swift, strings that differ only in Unicode normalisation are equal; to JSON they are not.
    var seen: [[UInt8]: Int] = [:]
    for member in members {
      if let index = seen[Array(member.key.utf8)] {
        self.members[index].value = member.value
      } else {
        seen[Array(member.key.utf8)] = self.members.count
        self.members.append(member)
      }
    }
  }
}

extension JSONValue {
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  public var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
  public var string: String? { if case .string(let string) = self { string } else { nil } }
  public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  public var int: Int? { if case .number(let text) = self { Int(text) } else { nil } }
  public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
  public var isNull: Bool { self == .null }

  public subscript(key: String) -> JSONValue? { object?[key] }

  /// Approximate bytes of its text: a measure of the work it causes.
  public var size: Int {
    switch self {
    case .null, .bool: 4
    case .number(let text), .string(let text): text.utf8.count + 2
    case .array(let elements): elements.reduce(2) { $0 + $1.size + 1 }
    case .object(let object): object.members.reduce(2) { $0 + $1.key.utf8.count + $1.value.size + 4 }
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number(String(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(parsed: elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
  }
  public init(_ value: Int) { self = .number(String(value)) }
  /// `nil` becomes `null`.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self.init(parsed: elements.map { Member(key: $0.0, value: $0.1) })
  }
}

// MARK: - Reading (RFC 8259, strict)

extension JSONValue {
  /// How deep a document may nest.
  public static let maximumDepth = 128

  /// Reads one document; only white space may follow it.
  ///
  /// - Parameter maximumValues: how many values the document may have, keys not counted. A value of two bytes takes
  ///   sixteen times as many in memory.
  public init(parsing text: Span<UInt8>, maximumValues: Int = .max) throws(JSONSyntaxError) {
    var reader = JSONReader(remainingValues: maximumValues)
    self = try reader.value(text, depth: 0)
    guard reader.cursor.peek(text) == nil else {
      throw JSONSyntaxError("something follows the document", at: reader.cursor.position)
    }
  }

  public init(parsing bytes: [UInt8], maximumValues: Int = .max) throws(JSONSyntaxError) {
    try self.init(parsing: bytes.span, maximumValues: maximumValues)
  }

  public init(parsing text: String) throws(JSONSyntaxError) { try self.init(parsing: Array(text.utf8)) }
}

private struct JSONReader {
  var cursor = JSONCursor()
  var remainingValues: Int

  mutating func value(_ text: Span<UInt8>, depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard let first = cursor.peek(text) else { throw JSONSyntaxError("expected a value", at: cursor.position) }
    guard remainingValues > 0 else { throw JSONSyntaxError("too many values", at: cursor.position) }
    remainingValues -= 1
    switch first {
    case Ascii.quote: return .string(try string(text))
    case Ascii.openBrace, Ascii.openBracket:
      guard depth < JSONValue.maximumDepth else { throw JSONSyntaxError("nested too deeply", at: cursor.position) }
      return first == Ascii.openBrace ? .object(try object(text, depth: depth)) : .array(try array(text, depth: depth))
    default: return try scalar(text)
    }
  }

  private mutating func string(_ text: Span<UInt8>) throws(JSONSyntaxError) -> String {
    let range = try cursor.string(text)
    return try JSONText.unescape(text.extracting(range), at: range.lowerBound)
  }

  private mutating func object(_ text: Span<UInt8>, depth: Int) throws(JSONSyntaxError) -> JSONObject {
    var members: [JSONObject.Member] = []
    cursor.position += 1
    if cursor.skip(Ascii.closeBrace, text) { return JSONObject() }
    repeat {
      let key = try string(text)
      guard cursor.skip(Ascii.colon, text) else { throw JSONSyntaxError("expected ':'", at: cursor.position) }
      members.append(JSONObject.Member(key: key, value: try value(text, depth: depth + 1)))
    } while cursor.skip(Ascii.comma, text)
    guard cursor.skip(Ascii.closeBrace, text) else {
      throw JSONSyntaxError("expected ',' or '}'", at: cursor.position)
    }
    return JSONObject(parsed: members)
  }

  private mutating func array(_ text: Span<UInt8>, depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
    var elements: [JSONValue] = []
    cursor.position += 1
    if cursor.skip(Ascii.closeBracket, text) { return [] }
    repeat {
      elements.append(try value(text, depth: depth + 1))
    } while cursor.skip(Ascii.comma, text)
    guard cursor.skip(Ascii.closeBracket, text) else {
      throw JSONSyntaxError("expected ',' or ']'", at: cursor.position)
    }
    return elements
  }

  private mutating func scalar(_ text: Span<UInt8>) throws(JSONSyntaxError) -> JSONValue {
    let range = try cursor.value(text)
    if text.matches(range, "true") { return true }
    if text.matches(range, "false") { return false }
    if text.matches(range, "null") { return .null }
    guard isNumber(text.extracting(range)) else { throw JSONSyntaxError("expected a value", at: range.lowerBound) }
    return .number(text.text(in: range))
  }
}

// RFC 8259 section 6: no leading zero, no leading plus, digits on both sides of the point.
private func isNumber(_ text: Span<UInt8>) -> Bool {
  var index = 0
  func digits() -> Int {
    let start = index
    while index < text.count, Ascii.isDigit(text[index]) { index += 1 }
    return index - start
  }
  if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
  let startsWithZero = index < text.count && text[index] == UInt8(ascii: "0")
  let whole = digits()
  guard whole > 0, !(startsWithZero && whole > 1) else { return false }
  if index < text.count, text[index] == UInt8(ascii: ".") {
    index += 1
    guard digits() > 0 else { return false }
  }
  if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
    index += 1
    if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") { index += 1 }
    guard digits() > 0 else { return false }
  }
  return index == text.count
}

// MARK: - Writing

extension JSONValue {
  /// Appends the document in its shortest form, on one line.
  public func write(to output: inout ByteBuffer) {
    switch self {
    case .null: output.append("null")
    case .bool(let value): output.append(value ? "true" : "false")
    case .number(let text): output.append(text)
    case .string(let text): JSONText.append(text, to: &output)
    case .array(let elements):
      output.append(Ascii.openBracket)
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(Ascii.comma) }
        element.write(to: &output)
      }
      output.append(Ascii.closeBracket)
    case .object(let object):
      output.append(Ascii.openBrace)
      for (index, member) in object.members.enumerated() {
        if index > 0 { output.append(Ascii.comma) }
        JSONText.append(member.key, to: &output)
        output.append(Ascii.colon)
        member.value.write(to: &output)
      }
      output.append(Ascii.closeBrace)
    }
  }

  /// The document's bytes, on one line.
  public var encoded: [UInt8] {
    var output = ByteBuffer()
    write(to: &output)
    return output.bytes
  }

  /// The document as text, on one line.
  public var text: String { String(decoding: encoded, as: UTF8.self) }
}
