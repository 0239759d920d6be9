import TestSupport
import Testing

@testable import Turns

struct SchemaPatternTests {
  @Test(
    "a regular expression of ECMAScript stays as it is",
    arguments: [
      "", "^a+$", #"^\d{3}-\d{4}$"#, "a|b|", "(?:a|b)*?", "(a)(b)\\2", "(?<year>\\d{4})\\k<year>", "(?=a)b(?!c)",
      "(?<=a)b(?<!c)", "a{2}b{2,}c{2,3}?", #"[\w.\-]+@[^\s@]+"#, "[a-z][^0-9][[]", #"\p{L}\P{Script=Greek}"#,
      #"\u00e9\u{1F600}\x41\cA\0"#, #"\bword\B"#, #"\^\$\\\.\*\+\?\(\)\[\]\{\}\|\/"#, "größe|日本", "[a\\]b]", "[-a]",
      "[a-]",
      #"[\d\-x]"#, "(((a)))", "(?i:a)(?-s:b)(?im-s:c)",
    ])
  func kept(pattern: String) throws {
    #expect(try SchemaPattern(pattern).text == pattern)
  }

  @Test(
    "what other dialects spell differently is respelled",
    arguments: [
      (#"\d\-\d"#, #"\d-\d"#), (#"a\@b\_c\ d\"e\'"#, #"a@b_c d"e'"#), (##"[\@\_\#]"##, "[@_#]"), (#"\Aab\Z"#, "^ab$"),
      (#"ab\z"#, "ab$"), ("a]b}", #"a\]b\}"#), ("{x}", #"\{x\}"#), ("a{b", #"a\{b"#), (#"\é"#, "é"),
    ])
  func respelled(pattern: String, expected: String) throws {
    #expect(try SchemaPattern(pattern).text == expected)
    #expect(try SchemaPattern(expected).text == expected)
  }

  @Test(
    "a regular expression that ECMAScript does not have is a fault",
    arguments: [
      ("(?i)a", "ECMAScript has no groups that begin with (?i"),
      ("(?ii:a)", "ECMAScript has no groups that begin with (?i"),
      ("(?-:a)", "ECMAScript has no groups that begin with (?-"),
      ("(?P<n>a)", "ECMAScript has no groups that begin with (?P"),
      ("(?>a)", "ECMAScript has no groups that begin with (?>"),
      ("(?#a)", "ECMAScript has no groups that begin with (?#"), ("a++", "ECMAScript has no possessive quantifiers"),
      ("*a", "nothing to repeat before *"), ("a|*", "nothing to repeat before *"), ("^*", "nothing to repeat before *"),
      ("a**", "nothing to repeat before *"), ("{2}", "nothing to repeat before {"),
      ("(?=a)*", "nothing to repeat before *"),
      (#"\b+"#, "nothing to repeat before +"), ("a{,3}", "{, is not a quantifier in ECMAScript; write {0,"),
      ("(a", "a group is not closed"), ("a)", "unmatched )"), ("[a", "a class in brackets is not closed"),
      ("[]a]", "a class in brackets is empty"), ("[^]", "a class in brackets is empty"),
      ("[[:alpha:]]", "ECMAScript has no classes such as [:alpha:]"), ("[b-a]", "a range in brackets is out of order"),
      (#"[a-\d]"#, "a range in brackets must have a character at each end"),
      (#"\h"#, #"ECMAScript has no escape \h"#), (#"\Qa\E"#, #"ECMAScript has no escape \Q"#),
      (#"\1"#, "there is no group 1"), (#"\k<a>"#, "there is no group a"),
      (#"\ka"#, #"\k must be followed by the name of a group"#),
      (#"\x4"#, #"\x must be followed by 2 hexadecimal digits"#),
      (#"\u12"#, #"\u must be followed by 4 hexadecimal digits"#),
      (#"\u{110000}"#, #"\u{…} must hold the number of a character"#),
      (#"\p"#, #"\p must be followed by a property in braces"#),
      (#"\c1"#, #"\c must be followed by a letter"#), (#"\01"#, "ECMAScript has no octal escapes"),
      ("a{3,2}", "the numbers of a quantifier are out of order"), ("a\\", "it ends with a backslash"),
      ("[a\\", "it ends with a backslash"),
      ("(?<1>a)", "the name of a group must be an identifier"), ("(?<a>x)(?<a>y)", "two groups have one name"),
    ])
  func refused(pattern: String, reason: String) {
    let fault = #expect(throws: SchemaPattern.Fault.self) { _ = try SchemaPattern(pattern) }
    #expect(fault?.reason == reason)
  }

  @Test("limit: length of a pattern")
  func length() async throws {
    let limit = SchemaLimits.pattern
    let outcomes = try await LimitTable.row("pattern", limit) { offset in
      let pattern = String(repeating: "a", count: limit + offset)
      return (try? SchemaPattern(pattern)) == nil ? "refused" : "taken"
    }
    #expect(outcomes == ["taken", "taken", "refused"])
  }

  @Test("deep groups are a fault and not a crash")
  func depth() {
    let deep = { String(repeating: "(", count: $0) + String(repeating: ")", count: $0) }
    #expect(throws: Never.self) { _ = try SchemaPattern(deep(64)) }
    #expect(throws: SchemaPattern.Fault.self) { _ = try SchemaPattern(deep(65)) }
  }
}
