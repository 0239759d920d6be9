import Bytes
import Testing

struct JSONCursorTests {
  @Test("members of an object are visited in place, still escaped")
  func members() throws {
    let text = Array(#" { "a\"b" : 1 ,"c":{"d":[1,"}"]},"e" : "x\\" } "#.utf8)
    var cursor = JSONCursor()
    var members: [String] = []
    try cursor.enterObject(text.span)
    while let key = try cursor.nextKey(text.span) {
      let value = try cursor.value(text.span)
      members.append("\(text.span.text(in: key))=\(text.span.text(in: value))")
    }
    #expect(members == [#"a\"b=1"#, #"c={"d":[1,"}"]}"#, #"e="x\\""#])
    let rest = cursor.peek(text.span)
    #expect(rest == nil)
  }

  @Test("an empty object has no key")
  func emptyObject() throws {
    let text = Array("{ }!".utf8)
    var cursor = JSONCursor()
    try cursor.enterObject(text.span)
    let key = try cursor.nextKey(text.span)
    let next = cursor.peek(text.span)
    #expect(key == nil)
    #expect(next == UInt8(ascii: "!"))
  }

  @Test(
    "a value's range excludes the white space around it",
    arguments: [
      ("  12 ", "12"), (" true,", "true"), ("null}", "null"), (" \"a b\" ", "\"a b\""), ("[1, [2]] ]", "[1, [2]]"),
      ("{\"]\": \"}\"}x", "{\"]\": \"}\"}"), (#"["\\"]"#, #"["\\"]"#), (#"["\"]"]"#, #"["\"]"]"#),
      ("-1.5e3]", "-1.5e3"),
    ])
  func values(input: String, expected: String) throws {
    let text = Array(input.utf8)
    var cursor = JSONCursor()
    let range = try cursor.value(text.span)
    let (shown, copied) = (text.span.text(in: range), text.span.bytes(in: range))
    #expect(shown == expected)
    #expect(copied == Array(expected.utf8))
    #expect(cursor.position == range.upperBound)
  }

  @Test(
    "invalid JSON is rejected with its position",
    arguments: [
      ("", JSONSyntaxError("expected a value", at: 0)),
      ("  ", JSONSyntaxError("expected a value", at: 2)),
      (" ,", JSONSyntaxError("expected a value", at: 1)),
      ("\"abc", JSONSyntaxError("unterminated string", at: 1)),
      (#""abc\"#, JSONSyntaxError("unterminated string", at: 1)),
      (#""abc\""#, JSONSyntaxError("unterminated string", at: 1)),
      (" [1, {", JSONSyntaxError("unterminated value", at: 1)),
      ("[\"a]", JSONSyntaxError("unterminated string", at: 2)),
    ])
  func refusals(input: String, expected: JSONSyntaxError) {
    let text = Array(input.utf8)
    #expect(throws: expected) {
      var cursor = JSONCursor()
      _ = try cursor.value(text.span)
    }
  }

  @Test("control bytes in strings are rejected, after a backslash too", arguments: UInt8(0)..<0x20)
  func controlBytes(byte: UInt8) {
    for before in ["ab", #"a\"#] {
      let text = Array("\"\(before)".utf8) + [byte] + Array("c\"".utf8)
      #expect(throws: JSONSyntaxError("control byte in a string", at: 3)) {
        var cursor = JSONCursor()
        _ = try cursor.string(text.span)
      }
    }
  }

  @Test("parts of an object are found by name")
  func objectErrors() {
    #expect(throws: JSONSyntaxError("expected an object", at: 1)) {
      var cursor = JSONCursor()
      try cursor.enterObject(Array(" [".utf8).span)
    }
    #expect(throws: JSONSyntaxError("expected a string", at: 1)) {
      var cursor = JSONCursor(at: 1)
      _ = try cursor.nextKey(Array("{1:2}".utf8).span)
    }
    #expect(throws: JSONSyntaxError("expected ':'", at: 5)) {
      var cursor = JSONCursor(at: 1)
      _ = try cursor.nextKey(Array("{\"a\" 2}".utf8).span)
    }
  }

  @Test("deep nesting uses no stack")
  func nesting() throws {
    let text =
      [UInt8](repeating: Ascii.openBracket, count: 100_000)
      + [UInt8](repeating: Ascii.closeBracket, count: 100_000)
    var cursor = JSONCursor()
    let range = try cursor.value(text.span)
    #expect(range == 0..<200_000)
  }

  @Test(
    "a range matches a literal only if it is equal",
    arguments: [(0..<7, true), (0..<6, false), (0..<8, false), (1..<8, false), (3..<3, false)])
  func matching(range: Range<Int>, expected: Bool) {
    let text = Array("content_block".utf8)
    let isMatch = text.span.matches(range, "content")
    #expect(isMatch == expected)
  }

  @Test("invalid UTF-8 is repaired in text")
  func repair() {
    let bytes: [UInt8] = [0x61, 0xFF, 0x62]
    let text = bytes.span.text(in: 0..<3)
    #expect(text == "a\u{FFFD}b")
  }
}
