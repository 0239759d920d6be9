import Testing

@testable import App

struct DotEnvTests {
  @Test(
    "each way to write a value",
    arguments: [
      ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("A=", ""), ("A=b#c", "b#c"), ("A=b # c", "b"),
      ("A=# c", ""), ("A=\"b c\"", "b c"), ("A='b c'", "b c"), ("A=\"b # c\"", "b # c"), ("A=\"b\" # c", "b"),
      (#"A="x\ny\t\"\\\$""#, "x\ny\t\"\\$"), (#"A='x\ny'"#, #"x\ny"#), (#"A="\q""#, #"\q"#), ("A=b=c", "b=c"),
      ("A=\"\"", ""), ("  A=ü", "ü"),
    ])
  func value(line: String, expected: String) throws {
    #expect(try DotEnv.parse(line) == ["A": expected])
  }

  @Test("blank lines and comments say nothing, and the last of two lines counts, whatever the line ends")
  func lines() throws {
    #expect(try DotEnv.parse("# a\n\n  \r\nA=1\r\nB=2\nA=3\n") == ["A": "3", "B": "2"])
    #expect(try DotEnv.parse("") == [:])
  }

  @Test(
    "what is wrong is told with its line",
    arguments: [
      ("A", "expected NAME=value"), ("1A=b", "bad variable name"), ("A B=c", "bad variable name"),
      ("=b", "bad variable name"), ("A-B=c", "bad variable name"), ("A=\"b", "the quote is not closed"),
      ("A='b", "the quote is not closed"), ("A=\"b\" c", "something follows the closing quote"),
    ])
  func mistakes(line: String, reason: String) {
    #expect(throws: DotEnv.SyntaxError(line: 2, reason: reason)) { try DotEnv.parse("# first\n" + line) }
  }
}
