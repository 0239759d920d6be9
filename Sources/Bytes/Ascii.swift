/// The ASCII bytes that protocols are made of, by name.
public enum Ascii {
  public static let tab: UInt8 = 0x09
  public static let lineFeed: UInt8 = 0x0A
  public static let carriageReturn: UInt8 = 0x0D
  public static let space: UInt8 = 0x20
  public static let quote: UInt8 = 0x22
  public static let percent: UInt8 = 0x25
  public static let comma: UInt8 = 0x2C
  public static let colon: UInt8 = 0x3A
  public static let semicolon: UInt8 = 0x3B
  public static let equals: UInt8 = 0x3D
  public static let backslash: UInt8 = 0x5C
  public static let openBracket: UInt8 = 0x5B
  public static let closeBracket: UInt8 = 0x5D
  public static let openBrace: UInt8 = 0x7B
  public static let closeBrace: UInt8 = 0x7D

  public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  public static func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  /// The value of a hexadecimal digit, or nil.
  public static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// The lower-case hexadecimal digit of a value below 16.
  public static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
}
