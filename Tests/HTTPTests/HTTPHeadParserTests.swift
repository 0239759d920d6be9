import Testing

@testable import HTTP

struct HTTPHeadParserTests {
  @Test(
    "the target is kept as sent, its path decoded, its query apart",
    arguments: [
      ("/", "/", nil), ("/a/b", "/a/b", nil), ("/a?", "/a", ""), ("/a?b=1&c=%20?d", "/a", "b=1&c=%20?d"),
      ("/%C3%A9%2Fx%20y", "/é/x y", nil), ("/a+b", "/a+b", nil), ("//a", "//a", nil), ("/*", "/*", nil),
      ("http://host/a?b", "/a", "b"), ("HTTPS://host:1/a", "/a", nil), ("http://host", "/", nil),
      ("http://host?q", "/", "q"), ("/http://x", "/http://x", nil),
    ] as [(String, String, String?)])
  func targets(target: String, path: String, query: String?) throws {
    let head = try parse("GET \(target) HTTP/1.1\r\nHost: x\r\n")
    #expect(head.target == target)
    #expect(head.path == path)
    #expect(head.query == query)
  }

  @Test(
    "a target in another form is refused",
    arguments: ["a", "host:443", "ftp://host/", "?a", "http:/a", "**", "*?", "*?a", "*/"])
  func badTargets(target: String) {
    for method in ["GET", "OPTIONS"] {
      #expect(throws: HTTPProtocolError(.badRequest, "bad request target")) {
        try parse("\(method) \(target) HTTP/1.1\r\nHost: x\r\n")
      }
    }
  }

  @Test("an asterisk is the target of OPTIONS, and has no segments")
  func asterisk() throws {
    let head = try parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n")
    #expect(head.target == "*")
    #expect(head.path == "*")
    #expect(head.segments == [])
    #expect(head.query == nil)
  }

  @Test("an asterisk is the target of no other method", arguments: ["GET", "HEAD", "POST", "options", "TRACE"])
  func foreignAsterisk(method: String) {
    #expect(throws: HTTPProtocolError(.badRequest, "bad request target")) {
      try parse("\(method) * HTTP/1.1\r\nHost: x\r\n")
    }
  }

  @Test("a method is taken as sent")
  func method() throws {
    #expect(try parse("gEt / HTTP/1.1\r\nHost: x\r\n").method == "gEt")
    #expect(try parse("M-SEARCH!#$%&'*+-.^_`|~1 / HTTP/1.1\r\nHost: x\r\n").method == "M-SEARCH!#$%&'*+-.^_`|~1")
  }

  @Test("exactly the token characters of RFC 9110 may stand in a name", arguments: UInt8(0)...255)
  func tokens(byte: UInt8) {
    let symbols = Array("!#$%&'*+-.^_`|~".utf8)
    let character = Character(Unicode.Scalar(byte))
    let isAlphanumeric = byte < 0x80 && (character.isLetter || character.isNumber)
    #expect(isTokenByte(byte) == (isAlphanumeric || symbols.contains(byte)))
  }

  private func parse(_ head: String) throws -> HTTPRequestHead {
    try HTTPHeadParser(limits: HTTPLimits()).parse(Array(head.utf8))
  }
}
