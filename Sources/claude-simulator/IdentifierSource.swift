import Bytes

/// Makes the identifiers that stand on the lines.
struct IdentifierSource {
  private var generator = SplitMix64()

  mutating func uuid() -> String { UUIDText.random(using: &generator) }

  /// `msg_` and `toolu_` identifiers: a prefix and twelve hexadecimal digits.
  mutating func short(_ prefix: String) -> String {
    var number = generator.next()
    var digits: [UInt8] = []
    for _ in 0..<12 {
      digits.append(Ascii.hexDigit(UInt8(number & 15)))
      number >>= 4
    }
    return prefix + String(decoding: digits, as: UTF8.self)
  }
}
