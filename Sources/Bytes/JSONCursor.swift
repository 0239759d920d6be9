import Glibc

/// What is wrong with a JSON text, and where (byte offset).
public struct JSONSyntaxError: Error, Equatable, Sendable {
  public let reason: String
  public let offset: Int

  public init(_ reason: String, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}

/// Walks JSON text in place and returns ranges of it; nothing is copied or decoded.
///
/// The text is passed to every call, so that the cursor itself is a plain index. It is lenient about what it skips
/// (numbers and literals are not checked to the letter); `JSONValue` is the strict reader. Control bytes inside strings
/// are refused, because a raw line end inside a spliced string would break the frame it is spliced into.
public struct JSONCursor: Sendable {
  public var position: Int

  public init(at position: Int = 0) { self.position = position }

  /// Steps over white space; returns the byte that follows, or nil at the end.
  @inline(__always)
  public mutating func peek(_ text: Span<UInt8>) -> UInt8? {
    while position < text.count {
      let byte = text[position]
      // What the CLI prints has no white space between its parts: one comparison is enough for most.
      guard byte <= Ascii.space, JSONCursor.isWhiteSpace(byte) else { return byte }
      position += 1
    }
    return nil
  }

  private static func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == Ascii.space || byte == Ascii.lineFeed || byte == Ascii.tab || byte == Ascii.carriageReturn
  }

  /// Steps over `byte` if it is the next one after white space.
  @inline(__always)
  public mutating func skip(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
    guard peek(text) == byte else { return false }
    position += 1
    return true
  }

  /// Enters an object. Follow with `nextKey`.
  public mutating func enterObject(_ text: Span<UInt8>) throws(JSONSyntaxError) {
    guard skip(Ascii.openBrace, text) else { throw JSONSyntaxError("expected an object", at: position) }
  }

  /// The next key of the object the cursor is in (its bytes between the quotes, still escaped), with the cursor moved to
  /// its value; nil after the last, with the cursor behind the object.
  public mutating func nextKey(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Range<Int>? {
    _ = skip(Ascii.comma, text)
    if skip(Ascii.closeBrace, text) { return nil }
    let key = try string(text)
    guard skip(Ascii.colon, text) else { throw JSONSyntaxError("expected ':'", at: position) }
    return key
  }

  /// The bytes of a string between its quotes, still escaped.
  public mutating func string(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Range<Int> {
    guard skip(Ascii.quote, text) else { throw JSONSyntaxError("expected a string", at: position) }
    let start = position
    while true {
      position = text.firstSpecialByte(from: position)
      guard position < text.count else { break }
      let byte = text[position]
      if byte == Ascii.quote {
        position += 1
        return start..<(position - 1)
      }
      guard byte >= 0x20 else { throw JSONSyntaxError("control byte in a string", at: position) }
      position += 1
      // An escaped quote does not end the string; an escaped control byte is refused like any other.
      if byte == Ascii.backslash, position < text.count, text[position] >= 0x20 { position += 1 }
    }
    throw JSONSyntaxError("unterminated string", at: start)
  }

  /// Steps over any value and returns its range, white space around it excluded.
  public mutating func value(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Range<Int> {
    guard let first = peek(text) else { throw JSONSyntaxError("expected a value", at: position) }
    let start = position
    switch first {
    case Ascii.quote:
      _ = try string(text)
    case Ascii.openBrace, Ascii.openBracket:
      try skipContainer(text)
    default:
      skipScalar(text)
      guard position > start else { throw JSONSyntaxError("expected a value", at: position) }
    }
    return start..<position
  }

  // Depth is a counter, not the call stack: nesting costs nothing.
  private mutating func skipContainer(_ text: Span<UInt8>) throws(JSONSyntaxError) {
    let start = position
    var depth = 0
    while position < text.count {
      switch text[position] {
      case Ascii.quote:
        _ = try string(text)
        continue
      case Ascii.openBrace, Ascii.openBracket:
        depth += 1
      case Ascii.closeBrace, Ascii.closeBracket:
        depth -= 1
        if depth == 0 {
          position += 1
          return
        }
      default:
        break
      }
      position += 1
    }
    throw JSONSyntaxError("unterminated value", at: start)
  }

  private mutating func skipScalar(_ text: Span<UInt8>) {
    while position < text.count {
      switch text[position] {
      case Ascii.comma, Ascii.closeBrace, Ascii.closeBracket, Ascii.colon, Ascii.space, Ascii.tab, Ascii.lineFeed,
        Ascii.carriageReturn, Ascii.quote, Ascii.openBrace, Ascii.openBracket:
        return
      default:
        position += 1
      }
    }
  }
}

/// Eight bytes in one register. A result has the top bit set in each byte that was found; bytes above the first may be
/// false alarms, so only the lowest counts.
private enum Word {
  static let quotes: UInt64 = 0x2222_2222_2222_2222
  static let backslashes: UInt64 = 0x5C5C_5C5C_5C5C_5C5C
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let tops: UInt64 = 0x8080_8080_8080_8080

  static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & tops }

  static func controls(_ word: UInt64) -> UInt64 { (word &- ones &* 0x20) & ~word & tops }
}

extension Span<UInt8> {
  /// The place of the first quote, backslash or control byte at or after `start`; `count` if there is none.
  ///
  /// Eight bytes at a time: what is between the quotes is most of what there is to read.
  @inline(__always)
  func firstSpecialByte(from start: Int) -> Int {
    unsafe withUnsafeBytes { bytes in
      var index = start
      while index + 8 <= bytes.count {
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
        let special = Word.zeroBytes(word ^ Word.quotes) | Word.zeroBytes(word ^ Word.backslashes) | Word.controls(word)
        if special != 0 { return index + special.trailingZeroBitCount / 8 }
        index += 8
      }
      while index < bytes.count {
        let byte = unsafe bytes[index]
        if byte < 0x20 || byte == Ascii.quote || byte == Ascii.backslash { return index }
        index += 1
      }
      return index
    }
  }

  /// Whether the bytes in `range` are exactly those of `literal`.
  public func matches(_ range: Range<Int>, _ literal: StaticString) -> Bool {
    guard range.count == literal.utf8CodeUnitCount else { return false }
    return unsafe extracting(range).withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }
      return unsafe memcmp(base, literal.utf8Start, range.count) == 0
    }
  }

  /// A copy of the bytes in `range`.
  public func bytes(in range: Range<Int>) -> [UInt8] {
    unsafe extracting(range).withUnsafeBufferPointer { pointer in unsafe Array(pointer) }
  }

  /// The bytes in `range` as text; invalid UTF-8 is repaired.
  public func text(in range: Range<Int>) -> String {
    unsafe extracting(range).withUnsafeBufferPointer { pointer in unsafe String(decoding: pointer, as: UTF8.self) }
  }
}
