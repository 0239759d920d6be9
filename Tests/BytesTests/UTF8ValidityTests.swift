import Bytes
import Testing

struct UTF8ValidityTests {
  @Test(
    "well-formed UTF-8 is valid", arguments: ["", "ascii", "é", "€", "😀", "\u{10FFFF}", "\0", "\u{D7FF}\u{E000}"])
  func valid(text: String) {
    let isValid = UTF8Validity.isValid(Array(text.utf8).span)
    #expect(isValid)
  }

  @Test(
    "stray, truncated, overlong, surrogate and oversized sequences are invalid",
    arguments: [
      [0x80], [0xBF], [0xFF], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0x80], [0xC1, 0xBF],
      [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
      [0x61, 0xC3, 0xA9, 0x80],
    ] as [[UInt8]])
  func invalid(bytes: [UInt8]) {
    let isValid = UTF8Validity.isValid(bytes.span)
    #expect(!isValid)
  }
}
