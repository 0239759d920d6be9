import HTTP
import Testing

struct PercentEncodingTests {
  @Test(
    "escapes are decoded, everything else is left alone",
    arguments: [
      ("", ""), ("plain-é", "plain-é"), ("%41", "A"), ("%2f%2F", "//"), ("a%20b", "a b"), ("%C3%A9", "é"),
      ("%F0%9F%98%80", "😀"), ("%25", "%"), ("%2541", "%41"), ("a+b", "a+b"), ("%0D%0A", "\r\n"),
    ])
  func decoded(text: String, expected: String) {
    #expect(PercentEncoding.decode(text) == expected)
  }

  @Test(
    "an escape that is cut, not hexadecimal, NUL or not UTF-8 is refused",
    arguments: [
      "%", "a%", "%4", "%4g", "%g4", "%%41", "% 41", "%00", "a%00b", "%FF", "%C3", "%C3%28", "%ED%A0%80", "%C0%AF",
    ])
  func refused(text: String) {
    #expect(PercentEncoding.decode(text) == nil)
  }
}
