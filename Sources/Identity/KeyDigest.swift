import Bytes
import Crypto

/// The SHA-256 of an API key: it identifies the key, and is useless to a reader. Generated keys have 258 random bits,
/// so that none can be found by trying.
public struct KeyDigest: Sendable, Hashable, CustomStringConvertible {
  let bytes: [UInt8]

  private static let prefix = "sha256:"

  public init(of key: String) { bytes = SHA256.hash(Array(key.utf8).span) }

  /// - Parameter text: `sha256:` and 64 hexadecimal digits, or the digits alone; nil for anything else.
  public init?(_ text: some StringProtocol) {
    let digits = Array((text.hasPrefix(KeyDigest.prefix) ? text.dropFirst(KeyDigest.prefix.count) : text[...]).utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = KeyDigest.value(digits[index]), let low = KeyDigest.value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x61 + 10
    default: nil
    }
  }

  /// `sha256:` and 64 hexadecimal digits.
  public var description: String { KeyDigest.prefix + hexadecimal(bytes.count) }

  /// The first `count` bytes.
  func hexadecimal(_ count: Int) -> String {
    let digits = bytes.prefix(count).flatMap { [Ascii.hexDigit($0 >> 4), Ascii.hexDigit($0 & 15)] }
    return String(decoding: digits, as: UTF8.self)
  }
}
