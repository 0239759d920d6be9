import Bytes
import Testing

struct JSONTextTests {
  @Test(
    "escapes are decoded",
    arguments: [
      ("", ""), ("plain é 😀", "plain é 😀"), (#"\" \\ \/"#, "\" \\ /"), (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"),
      (#"\u0041\u00e9\u20AC"#, "Aé€"), (#"\u0000"#, "\0"), (#"\uD83D\uDE00"#, "😀"), (#"x\ud83d\ude00y"#, "x😀y"),
      (#"\uDBFF\uDFFF"#, "\u{10FFFF}"),
    ])
  func escapes(raw: String, expected: String) throws {
    let text = try unescape(Array(raw.utf8))
    #expect(text == expected)
  }

  @Test(
    "a lone surrogate becomes U+FFFD",
    arguments: [
      (#"\uD800"#, "\u{FFFD}"), (#"\uDC00"#, "\u{FFFD}"), (#"a\uD83Db"#, "a\u{FFFD}b"), (#"\uD83D\n"#, "\u{FFFD}\n"),
      (#"\uD83D\u0041"#, "\u{FFFD}A"), (#"\uD83D\uD83D\uDE00"#, "\u{FFFD}😀"), (#"\uDE00\uD83D"#, "\u{FFFD}\u{FFFD}"),
    ])
  func loneSurrogates(raw: String, expected: String) throws {
    let text = try unescape(Array(raw.utf8))
    #expect(text == expected)
  }

  @Test(
    "an unknown escape is rejected with its position",
    arguments: [
      (#"a\x"#, JSONSyntaxError("unknown escape", at: 11)), (#"\"#, JSONSyntaxError("cut escape", at: 10)),
      (#"\U0041"#, JSONSyntaxError("unknown escape", at: 10)), (#"\u"#, JSONSyntaxError("bad \\u escape", at: 10)),
      (#"\u004"#, JSONSyntaxError("bad \\u escape", at: 10)), (#"ab\u00g1"#, JSONSyntaxError("bad \\u escape", at: 12)),
      (#"\u+041"#, JSONSyntaxError("bad \\u escape", at: 10)), (#"\'"#, JSONSyntaxError("unknown escape", at: 10)),
    ])
  func badEscapes(raw: String, expected: JSONSyntaxError) {
    #expect(throws: expected) { try unescape(Array(raw.utf8), at: 10) }
  }

  @Test(
    "invalid UTF-8 is rejected",
    arguments: [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x61, 0x80], [0xE2, 0x82],
    ] as [[UInt8]])
  func invalidUTF8(raw: [UInt8]) {
    #expect(throws: JSONSyntaxError("text is not valid UTF-8", at: 3)) { try unescape(raw, at: 3) }
  }

  @Test(
    "only required characters are escaped",
    arguments: [
      ("", #""""#), ("a/é😀\u{7F}\u{2028}", "\"a/é😀\u{7F}\u{2028}\""), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
      ("\0\u{1}\u{8}\u{C}\u{1F}", #""\u0000\u0001\u0008\u000c\u001f""#),
    ])
  func escaping(text: String, expected: String) {
    var output = ByteBuffer()
    JSONText.append(text, to: &output)
    #expect(output.bytes == Array(expected.utf8))
  }

  @Test("escaped text reads back the same", arguments: UInt8(0)..<0x80)
  func roundTrip(byte: UInt8) throws {
    var output = ByteBuffer()
    JSONText.appendEscaped([byte], to: &output)
    #expect(try unescape(output.bytes) == String(Unicode.Scalar(byte)))
    #expect(output.bytes.allSatisfy { $0 >= 0x20 })
  }

  private func unescape(_ raw: [UInt8], at offset: Int = 0) throws -> String {
    try JSONText.unescape(raw.span, at: offset)
  }
}
