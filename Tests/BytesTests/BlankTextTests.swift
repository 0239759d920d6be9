import Bytes
import Testing

struct BlankTextTests {
  @Test(
    "every kind of white space is blank",
    arguments: ["", " ", "\t\r\n\u{B}\u{C}", "\u{A0}", "\u{3000} \u{2028}", "\u{FEFF}"]
  )
  func blank(text: String) {
    #expect(text.isBlank)
    #expect(text.trimmed.isEmpty)
  }

  @Test(
    "trimming keeps everything between the first and last visible character",
    arguments: [
      ("a", "a"), (" a ", "a"), ("\r\na b\r\n", "a b"), ("\u{3000}é\u{A0}", "é"), ("  \u{200B}", "\u{200B}"),
      ("😀 ", "😀"), ("\u{301} x", "\u{301} x"),
    ])
  func visible(text: String, expected: String) {
    #expect(!text.isBlank)
    #expect(String(text.trimmed).utf8.elementsEqual(expected.utf8))
  }
}
