/// UUIDs in their text form: 36 characters, lower case, hyphens after 8, 12, 16 and 20 digits (RFC 9562 section 4).
public enum UUIDText {
  /// A random (version 4) UUID.
  public static func random(using generator: inout some RandomNumberGenerator) -> String {
    let high = generator.next() & ~0xF000 | 0x4000
    let low = generator.next() & ~(0b11 << 62) | (0b10 << 62)
    var text: [UInt8] = []
    for (index, byte) in (bigEndianBytes(high) + bigEndianBytes(low)).enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
      text.append(Ascii.hexDigit(byte >> 4))
      text.append(Ascii.hexDigit(byte & 15))
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

  private static func bigEndianBytes(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
  }
}
