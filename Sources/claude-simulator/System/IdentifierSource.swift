import Bytes

/// Makes the ids of the lines.
struct IdentifierSource {
  private var generator = SplitMix64()

  mutating func uuid() -> String { UUIDText.random(using: &generator) }

  /// An id like `msg_…` or `toolu_…`: a prefix and twelve hexadecimal digits.
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

/// A small generator, seeded by the system. Every line has an id, and a flood must not spend a system call on each.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init() {
    var system = SystemRandomNumberGenerator()
    state = system.next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
