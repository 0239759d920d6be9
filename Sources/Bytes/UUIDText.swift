/// UUIDs in their text form: 36 characters, lower case, hyphens after 8, 12, 16 and 20 digits (RFC 9562 section 4).
public enum UUIDText {
  /// A random (version 4) UUID.
  public static func random(using generator: inout some RandomNumberGenerator) -> String {
    let high = generator.next() & ~0xF000 | 0x4000
    let low = generator.next() & ~(0b11 << 62) | (0b10 << 62)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for digit in 0..<32 {
      if digit == 8 || digit == 12 || digit == 16 || digit == 20 { text.append(UInt8(ascii: "-")) }
      let half = digit < 16 ? high : low
      text.append(Ascii.hexDigit(UInt8(half >> UInt64(60 - digit % 16 * 4) & 15)))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The text in lower case if it has the form of a UUID, else nil.
  public static func normalized(_ text: String) -> String? {
    let bytes = text.utf8.map(Ascii.lowercased)
    guard bytes.count == 36 else { return nil }
    for (index, byte) in bytes.enumerated() {
      let isHyphenPlace = [8, 13, 18, 23].contains(index)
      guard isHyphenPlace ? byte == UInt8(ascii: "-") : Ascii.hexValue(byte) != nil else { return nil }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
