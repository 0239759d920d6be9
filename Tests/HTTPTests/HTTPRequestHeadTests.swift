import Testing

@testable import HTTP

struct HTTPRequestHeadTests {
  @Test(
    "HTTP/1.1 keeps the connection unless it says close; HTTP/1.0 never does",
    arguments: [
      ("HTTP/1.1", "a: b", true), ("HTTP/1.1", "connection: close", false),
      ("HTTP/1.1", "connection: keep-alive", true),
      ("HTTP/1.1", "Connection: x, CLOSE", false), ("HTTP/1.0", "a: b", false),
      ("HTTP/1.0", "connection: keep-alive", false),
    ])
  func keepsAlive(version: String, line: String, expected: Bool) throws {
    #expect(try parse("GET / \(version)", line).keepsAlive == expected)
  }

  @Test(
    "only HTTP/1.1 may expect 100-continue",
    arguments: [
      ("HTTP/1.1", "expect: 100-continue", true), ("HTTP/1.1", "Expect: 100-Continue", true),
      ("HTTP/1.0", "expect: 100-continue", false), ("HTTP/1.1", "expect: 200-ok", false), ("HTTP/1.1", "a: b", false),
    ])
  func expectsContinue(version: String, line: String, expected: Bool) throws {
    #expect(try parse("POST / \(version)", line).expectsContinue == expected)
  }

  @Test(
    "a query item is found by its decoded name; the first of several counts",
    arguments: [
      ("/?a=1", "1"), ("/?b=2&a=1", "1"), ("/?a=1&a=2", "1"), ("/?a", ""), ("/?a=", ""), ("/?a=x=y", "x=y"),
      ("/?%61=%C3%A9%26", "é&"), ("/?aa=1", nil), ("/?A=1", nil), ("/", nil), ("/?", nil), ("/?&&a=1", "1"),
      ("/?%zz=0&a=1", "1"), ("/?a=%zz", nil), ("/?a=1+2", "1+2"),
    ] as [(String, String?)])
  func queryItems(target: String, expected: String?) throws {
    #expect(try parse("GET \(target) HTTP/1.1", "x: y").queryItem("a") == expected)
  }

  private func parse(_ requestLine: String, _ line: String) throws -> HTTPRequestHead {
    try HTTPHeadParser(limits: HTTPLimits()).parse(Array("\(requestLine)\r\nHost: x\r\n\(line)\r\n".utf8))
  }
}
