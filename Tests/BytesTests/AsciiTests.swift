import Bytes
import Testing

struct AsciiTests {
  @Test("a byte is a digit or a letter exactly when its character is", arguments: UInt8(0)...255)
  func classes(byte: UInt8) {
    let character = Character(Unicode.Scalar(byte))
    #expect(Ascii.isDigit(byte) == (character.isASCII && character.isNumber))
    #expect(Ascii.isLetter(byte) == (character.isASCII && character.isLetter))
  }

  @Test("only A to Z are lowercased", arguments: UInt8(0)...255)
  func lowering(byte: UInt8) {
    let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    #expect(Ascii.lowercased(byte) == (isUpper ? byte + 32 : byte))
  }

  @Test("a byte has a hexadecimal value exactly when it is a hexadecimal digit", arguments: UInt8(0)...255)
  func hexValues(byte: UInt8) {
    let character = Character(Unicode.Scalar(byte))
    let value = character.isASCII ? character.hexDigitValue.map { UInt8($0) } : nil
    #expect(Ascii.hexValue(byte) == value)
  }

  @Test("values below sixteen have one lowercase hexadecimal digit")
  func hexDigits() {
    #expect((UInt8(0)..<16).map(Ascii.hexDigit) == Array("0123456789abcdef".utf8))
    #expect((UInt8(0)..<16).map { Ascii.hexValue(Ascii.hexDigit($0)) } == Array(0..<16))
  }
}
