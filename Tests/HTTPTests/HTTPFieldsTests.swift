import Testing

@testable import HTTP

struct HTTPFieldsTests {
  @Test("a field is found by its name in any case, white space around its value removed")
  func lookup() throws {
    let fields = try parse(["X-One: \t a b \t", "x-ONE:second", "empty:", "blank:  \t ", "colon: a:b: c"])
    #expect(fields["x-one"] == "a b")
    #expect(fields.all("x-one") == ["a b", "second"])
    #expect(fields["empty"] == "")
    #expect(fields["blank"] == "")
    #expect(fields["colon"] == "a:b: c")
    #expect(fields["x-on"] == nil)
    #expect(fields["x-one-more"] == nil)
    #expect(fields.all("none") == [])
    #expect(fields.count == 6)
  }

  @Test("values above ASCII are text, invalid UTF-8 in them repaired")
  func text() throws {
    let head = Array("GET / HTTP/1.0\r\nname: é".utf8) + [0xFF] + Array("\r\n".utf8)
    let fields = try HTTPHeadParser(limits: HTTPLimits()).parse(head).fields
    #expect(fields["name"] == "é\u{FFFD}")
  }

  @Test(
    "a token is found in a list, in any case, over all fields of the name, never as a part of another",
    arguments: [
      (["connection: close"], true), (["connection: keep-alive, Close"], true), (["connection:a,\tCLOSE\t,b"], true),
      (["connection: a", "Connection: close"], true), (["connection: closed"], false),
      (["connection: not close"], false),
      (["connection:"], false), (["connections: close"], false), ([], false),
    ])
  func tokens(lines: [String], expected: Bool) throws {
    #expect(try parse(lines).has("connection", token: "close") == expected)
  }

  private func parse(_ lines: [String]) throws -> HTTPFields {
    let text = (["GET / HTTP/1.1", "Host: x"] + lines).map { $0 + "\r\n" }.joined()
    return try HTTPHeadParser(limits: HTTPLimits()).parse(Array(text.utf8)).fields
  }
}
