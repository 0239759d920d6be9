import Testing

@testable import App

struct DotEnvTests {
  @Test(
    "lines follow the grammar",
    arguments: [
      ("A=b", ["A": "b"]), ("", [:]), ("# comment", [:]), ("  # A=b", [:]), (" \t", [:]), ("A=", ["A": ""]),
      ("export A=b", ["A": "b"]), ("export  A=b", ["A": "b"]), ("  A = b  ", ["A": "b"]), ("_a1=b", ["_a1": "b"]),
      ("A=b c", ["A": "b c"]), ("A=b#c", ["A": "b#c"]), ("A=b #c", ["A": "b"]), ("A=b\t# c", ["A": "b"]),
      ("A= # c", ["A": ""]), ("A=#c", ["A": ""]), ("A=b=c", ["A": "b=c"]), ("A=http://u/#x", ["A": "http://u/#x"]),
      (#"A="b c""#, ["A": "b c"]), (#"A="b # c" # d"#, ["A": "b # c"]), (#"A="""#, ["A": ""]),
      (#"A="b\nc\td\re\"f\\g\$h""#, ["A": "b\nc\td\re\"f\\g$h"]), (#"A="\x""#, ["A": #"\x"#]),
      ("A='b \\n $x # c'", ["A": #"b \n $x # c"#]), ("A=''", ["A": ""]), ("A='it\"s'", ["A": "it\"s"]),
      ("A=b'c'", ["A": "b'c'"]), ("A=é😀", ["A": "é😀"]), ("A=$B", ["A": "$B"]), (#"A=b\nc"#, ["A": #"b\nc"#]),
      ("export=1", ["export": "1"]), ("exported=1", ["exported": "1"]),
    ] as [(String, [String: String])])
  func lines(text: String, expected: [String: String]) throws {
    #expect(try DotEnv.parse(text) == expected)
  }

  @Test("files have any line ends, and the last value of a name counts")
  func files() throws {
    #expect(try DotEnv.parse("A=1\r\n# x\r\nB=2\n\n\nA=3\n") == ["A": "3", "B": "2"])
    #expect(try DotEnv.parse("A=\"1\"\r\nB='2'\r\n") == ["A": "1", "B": "2"])
  }

  @Test(
    "a mistake is reported with its line",
    arguments: [
      ("A", 1, "expected NAME=value"), ("x\nA=1", 1, "expected NAME=value"),
      ("A=1\n\nexport", 3, "expected NAME=value"),
      ("=b", 1, "bad variable name"), ("1A=b", 1, "bad variable name"), ("A-B=c", 1, "bad variable name"),
      ("A B=c", 1, "bad variable name"), ("É=c", 1, "bad variable name"), ("A.B=c", 1, "bad variable name"),
      ("A=\"b", 1, "the quote is not closed"), ("A='b", 1, "the quote is not closed"),
      ("A=\"b\\\"", 1, "the quote is not closed"), ("A=\"b\nc\"", 1, "the quote is not closed"),
      ("# c\nA=\"b\"c", 2, "something follows the closing quote"),
      ("A='b' c", 1, "something follows the closing quote"),
    ])
  func mistakes(text: String, line: Int, reason: String) {
    #expect(throws: DotEnv.SyntaxError(line: line, reason: reason)) { try DotEnv.parse(text) }
  }
}
