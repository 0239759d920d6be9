/// Base64 (RFC 4648) as programs write it.
public enum Base64Text {
  /// The text in the standard alphabet, with padding and without white space. Line ends, spaces beside them, missing
  /// padding and the URL-safe alphabet are accepted.
  ///
  /// - Returns: nil for other text, and for none.
  public static func normalized(_ text: String) -> String? {
    if isNormal(text) { return text }
    guard let digits = digits(of: text) else { return nil }
    let padding = [UInt8](repeating: Ascii.equals, count: (4 - digits.count % 4) % 4)
    return String(decoding: digits + padding, as: UTF8.self)
  }

  private static func isNormal(_ text: String) -> Bool {
    let bytes = text.utf8
    guard !bytes.isEmpty, bytes.count % 4 == 0 else { return false }
    let digits = bytes.count - bytes.suffix(2).count { $0 == Ascii.equals }
    return bytes.prefix(digits).allSatisfy { value(of: $0) != nil && $0 != minus && $0 != underscore }
  }

  /// The digits in the standard alphabet; nil if they are no base64.
  private static func digits(of text: String) -> [UInt8]? {
    var digits: [UInt8] = []
    digits.reserveCapacity(text.utf8.count)
    var padding = 0
    // A space between digits may have been a plus: it is accepted only beside a line end.
    var (isAtLineStart, hasSpace) = (true, false)
    for byte in text.utf8 {
      switch byte {
      case Ascii.lineFeed, Ascii.carriageReturn: (isAtLineStart, hasSpace) = (true, false)
      case Ascii.space, Ascii.tab: hasSpace = !isAtLineStart
      case Ascii.equals where !hasSpace: padding += 1
      default:
        guard value(of: byte) != nil, padding == 0, !hasSpace else { return nil }
        isAtLineStart = false
        digits.append(byte == minus ? UInt8(ascii: "+") : byte == underscore ? UInt8(ascii: "/") : byte)
      }
    }
    let rest = digits.count % 4
    guard !digits.isEmpty, rest != 1, padding <= (4 - rest) % 4 else { return nil }
    return digits
  }

  private static let minus = UInt8(ascii: "-")
  private static let underscore = UInt8(ascii: "_")

  /// The bytes of a normalized text.
  ///
  /// - Parameter count: the most that are wanted.
  public static func decoded(_ normalized: String, prefix count: Int = .max) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(count, normalized.utf8.count / 4 * 3))
    var (bits, width) = (UInt32(0), 0)
    for byte in normalized.utf8 {
      guard bytes.count < count, let value = value(of: byte) else { break }
      bits = bits << 6 | UInt32(value)
      width += 6
      guard width >= 8 else { continue }
      width -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(width)))
    }
    return bytes
  }

  /// The value of a digit in either alphabet.
  private static func value(of byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"), minus: 62
    case UInt8(ascii: "/"), underscore: 63
    default: nil
    }
  }
}
