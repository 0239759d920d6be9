import Bytes
import Testing

struct Base64TextTests {
  @Test(
    "base64 follows RFC 4648",
    arguments: [
      ("AAAA", "AAAA"), ("AAA=", "AAA="), ("AA==", "AA=="), ("az09+/Zz", "az09+/Zz"), ("", nil), ("A", nil),
      ("A===", nil), ("====", nil), ("AA=A", nil), ("=AAA", nil), ("AAAA=", nil), ("AAé", nil), ("AA==AAAA", nil),
      ("AAAAA", nil), ("AA*A", nil),
    ])
  func strict(text: String, expected: String?) {
    #expect(Base64Text.normalized(text) == expected)
  }

  @Test(
    "line ends, missing padding and the URL's alphabet are accepted",
    arguments: [
      ("AAA", "AAA="), ("AA", "AA=="), ("AA=", "AA=="), ("AA-_", "AA+/"), ("AAA\n", "AAA="), ("AA\r\nAA", "AAAA"),
      ("  AA\n\t AA  \n", "AAAA"), ("AA==\n", "AA=="), ("AA AA", nil), ("AA A", nil), ("\n", nil),
    ])
  func lenient(text: String, expected: String?) {
    #expect(Base64Text.normalized(text) == expected)
  }

  @Test("bytes are decoded, up to a number")
  func decoded() {
    #expect(Base64Text.decoded("aGVsbG8=") == Array("hello".utf8))
    #expect(Base64Text.decoded("aGVsbG8h") == Array("hello!".utf8))
    #expect(Base64Text.decoded("aA==") == Array("h".utf8))
    #expect(Base64Text.decoded("+/8=") == [0xFB, 0xFF])
    #expect(Base64Text.decoded("aGVsbG8=", prefix: 2) == Array("he".utf8))
    #expect(Base64Text.decoded("aGVsbG8=", prefix: 9) == Array("hello".utf8))
  }
}
