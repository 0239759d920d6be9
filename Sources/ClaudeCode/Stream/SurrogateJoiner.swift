import Bytes

/// Completes pieces of an escaped JSON string. A character outside the basic plane is two `\u` escapes, and the
/// upstream may put each into a delta of its own: legal JSON text that strict decoders refuse. The first half is held
/// back until the second comes; a half that stays alone becomes U+FFFD.
struct SurrogateJoiner: Sendable {
  private var held: [UInt8] = []

  /// What replaces the piece: nil for the piece itself, empty while all of it is held back.
  mutating func mend(_ piece: Span<UInt8>) -> [UInt8]? {
    guard !held.isEmpty || SurrogateJoiner.mayHoldSurrogates(piece) else { return nil }
    var mended = held + piece.bytes(in: 0..<piece.count)
    held = SurrogateJoiner.removeTrailingHighHalf(&mended)
    SurrogateJoiner.replaceLoneHalves(&mended)
    return mended
  }

  /// The text has ended. Returns U+FFFD for a half that is still held back, or nothing.
  mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held.isEmpty ? [] : Array("\\ufffd".utf8)
  }

  /// Drops a half that is held back: the whole text was obtained in another way.
  mutating func reset() { held = [] }

  private static func mayHoldSurrogates(_ piece: Span<UInt8>) -> Bool {
    var index = 0
    while index < piece.count {
      guard piece[index] == Ascii.backslash else {
        index += 1
        continue
      }
      if index + 2 < piece.count, piece[index + 1] == UInt8(ascii: "u"), piece[index + 2] | 0x20 == UInt8(ascii: "d") {
        return true
      }
      index += 2
    }
    return false
  }

  private static func removeTrailingHighHalf(_ bytes: inout [UInt8]) -> [UInt8] {
    var tail: [UInt8] = []
    forEachEscape(in: bytes) { index, unit in
      tail = []
      if unit < 0xDC00, index + 6 == bytes.count { tail = Array(bytes[index...]) }
    }
    bytes.removeLast(tail.count)
    return tail
  }

  private static func replaceLoneHalves(_ bytes: inout [UInt8]) {
    var lone: [Int] = []
    var high: Int?
    forEachEscape(in: bytes) { index, unit in
      if unit < 0xDC00 {
        if let high { lone.append(high) }
        high = index
      } else if high == index - 6 {
        high = nil
      } else {
        if let high { lone.append(high) }
        high = nil
        lone.append(index)
      }
    }
    if let high { lone.append(high) }
    for index in lone { bytes.replaceSubrange(index..<(index + 6), with: "\\ufffd".utf8) }
  }

  /// Calls `body` with the place and value of each `\uD800` to `\uDFFF`.
  private static func forEachEscape(in bytes: [UInt8], _ body: (Int, Int) -> Void) {
    var index = 0
    while index < bytes.count {
      guard bytes[index] == Ascii.backslash else {
        index += 1
        continue
      }
      if index + 5 < bytes.count, bytes[index + 1] == UInt8(ascii: "u") {
        let unit = bytes[(index + 2)..<(index + 6)].reduce(0) { $0 << 4 | Int(Ascii.hexValue($1) ?? 0) }
        if (0xD800...0xDFFF).contains(unit) { body(index, unit) }
        index += 6
      } else {
        index += 2
      }
    }
  }
}
