import HTTP
import Testing

/// An input and what a parser has to say about it.
struct RequestCase: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let expected: [RequestTranscript]

  var testDescription: String { name }

  init(_ name: String, bytes: [UInt8], _ expected: [RequestTranscript]) {
    self.name = name
    self.bytes = bytes
    self.expected = expected
  }

  init(_ name: String, _ input: String, _ expected: [RequestTranscript]) {
    self.init(name, bytes: Array(input.utf8), expected)
  }

  /// A head with `Host`, the given lines after it, and a blank line.
  private static func post(_ lines: String, _ body: String = "") -> String {
    "POST / HTTP/1.1\r\nHost: x\r\n\(lines)\r\n\r\n\(body)"
  }

  private static func chunked(_ body: String) -> String { post("Transfer-Encoding: chunked", body) }
}

extension RequestCase {
  static let accepted = [
    RequestCase("GET", "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", [.head("GET /a?b=c http11"), .end]),
    RequestCase("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", [.head("GET / http10"), .end]),
    RequestCase(
      "HTTP/1.0 body", "PUT / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", [.head("PUT / http10"), .body("hi"), .end]),
    RequestCase("unknown method", "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", [.head("BREW /pot http11"), .end]),
    RequestCase("an empty line first", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", [.head("GET / http11"), .end]),
    RequestCase("an empty line and no more", "\r\n", []),
    RequestCase(
      "an empty line before each request",
      "\r\nGET /1 HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n\r\n",
      [.head("GET /1 http11"), .end, .head("GET /2 http11"), .end]),
    RequestCase(
      "chunks of one byte", chunked(String(repeating: "1\r\na\r\n", count: 100) + "0\r\n\r\n"),
      [.head("POST / http11"), .body(String(repeating: "a", count: 100)), .end]),
    RequestCase(
      "declared body", post("Content-Length: 5", "a\r\n\r\n"), [.head("POST / http11"), .body("a\r\n\r\n"), .end]),
    RequestCase("empty body", post("Content-Length: 0"), [.head("POST / http11"), .end]),
    RequestCase("no body", post("a: b"), [.head("POST / http11"), .end]),
    RequestCase(
      "equal lengths repeated", post("Content-Length: 2\r\ncontent-length: 2", "hi"),
      [.head("POST / http11"), .body("hi"), .end]),
    RequestCase("leading zeros", post("Content-Length: 0002", "hi"), [.head("POST / http11"), .body("hi"), .end]),
    RequestCase("chunks", chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), [.head("POST / http11"), .body("abcde"), .end]),
    RequestCase("no chunk", chunked("0\r\n\r\n"), [.head("POST / http11"), .end]),
    RequestCase(
      "chunk of line ends", chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"), [.head("POST / http11"), .body("\r\n\r\n"), .end]),
    RequestCase(
      "chunk sizes in hexadecimal", chunked("0A\r\n0123456789\r\na\r\nabcdefghij\r\n000\r\n\r\n"),
      [.head("POST / http11"), .body("0123456789abcdefghij"), .end]),
    RequestCase(
      "chunk extensions and trailers", chunked("1;name=\"v a\";x\r\n!\r\n0;last\r\nA: b\r\nC:\td\r\n\r\n"),
      [.head("POST / http11"), .body("!"), .end]),
    RequestCase(
      "Chunked in another case", post("transfer-encoding:CHUNKED", "0\r\n\r\n"), [.head("POST / http11"), .end]),
    RequestCase(
      "pipelined",
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" + post("Content-Length: 3", "two")
        + chunked("5\r\nthree\r\n0\r\n\r\n") + "\r\nGET /4 HTTP/1.1\r\nHost: x\r\n\r\n",
      [
        .head("GET /1 http11"), .end, .head("POST / http11"), .body("two"), .end, .head("POST / http11"),
        .body("three"), .end, .head("GET /4 http11"), .end,
      ]),
    RequestCase("incomplete head", "GET / HTTP/1.1\r\nHost: x\r\n", []),
    RequestCase("incomplete body", post("Content-Length: 9", "par"), [.head("POST / http11"), .body("par")]),
    RequestCase("incomplete chunk", chunked("9\r\npar"), [.head("POST / http11"), .body("par")]),
    RequestCase("bytes above ASCII in a value", post("a: é"), [.head("POST / http11"), .end]),
  ]

  static let refused = lines + framing + chunks

  private static func refusal(_ name: String, _ input: String, _ status: HTTPStatus = 400) -> RequestCase {
    RequestCase(name, input, [.refused(status)])
  }

  private static let lines = [
    refusal("bare LF", "GET / HTTP/1.1\nHost: x\r\n\r\n"),
    refusal("bare LF first", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n"),
    refusal("bare CR in the request line", "GET /\r HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("bare CR in a value", post("a: b\rc: d")),
    refusal("two CR", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n"),
    refusal("obs-fold with a blank", post("a: b\r\n c")),
    refusal("obs-fold with a tab", post("a: b\r\n\tc")),
    refusal("blank before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
    refusal("blank before the colon", post("a : b")),
    refusal("tab before the colon", post("a\t: b")),
    refusal("no colon", post("field")),
    refusal("empty name", post(": b")),
    refusal("name that is no token", post("a(b): c")),
    refusal("name above ASCII", post("é: c")),
    refusal("NUL in a value", post("a: b\0c")),
    refusal("NUL in a name", post("a\0b: c")),
    refusal("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("escape character in a value", post("a: \u{1B}[0m")),
    refusal("DEL in a value", post("a: \u{7F}")),
    refusal("DEL in the target", "GET /\u{7F} HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("tab in the request line", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("method that is no token", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("no method", " / HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("no target", "GET  HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("no version", "GET /\r\nHost: x\r\n\r\n"),
    refusal("blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("blank after the version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),
    refusal("version in lower case", "GET / http/1.1\r\nHost: x\r\n\r\n"),
    refusal("version that is none", "GET / HTTP/1.10\r\nHost: x\r\n\r\n"),
    refusal("HTTP/2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    refusal("HTTP/0.9", "GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505),
    refusal("a TLS greeting", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\u{0}\r\n\r\n"),
    refusal("relative target", "GET a HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("no Host", "GET / HTTP/1.1\r\na: b\r\n\r\n"),
    refusal("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"),
    refusal("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n"),
    refusal("cut percent-escape", "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("percent-escape without digits", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("percent-escaped NUL", "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
    refusal("percent-escapes that are not UTF-8", "GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n"),
  ]

  private static let framing = [
    refusal("length and chunks", post("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
    refusal("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 3", "0\r\n\r\n")),
    refusal("differing lengths", post("Content-Length: 3\r\nContent-Length: 4", "abcd")),
    refusal("lengths that differ in form", post("Content-Length: 3\r\nContent-Length: 03", "abc")),
    refusal("list of lengths", post("Content-Length: 3, 3", "abc")),
    refusal("negative length", post("Content-Length: -1")),
    refusal("length with a sign", post("Content-Length: +1", "a")),
    refusal("length in hexadecimal", post("Content-Length: 0x1", "a")),
    refusal("empty length", post("Content-Length: ")),
    RequestCase(
      "length beyond any integer", post("Content-Length: 99999999999999999999"),
      [.head("POST / http11"), .refused(413)]),
    refusal("chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    refusal("unknown coding", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 501),
    refusal("chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 501),
    refusal("coding with control byte", post("Transfer-Encoding: \u{B}chunked", "0\r\n\r\n")),
    refusal("chunked with a Kelvin sign", post("Transfer-Encoding: chun\u{212A}ed", "0\r\n\r\n"), 501),
    refusal("coding with something after it", post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n"), 501),
  ]

  private static func badChunk(
    _ name: String, _ body: String, after: [RequestTranscript] = [], _ status: HTTPStatus = 400
  )
    -> RequestCase
  {
    RequestCase(name, chunked(body), [.head("POST / http11")] + after + [.refused(status)])
  }

  private static let chunks = [
    badChunk("chunk size that is no number", "x\r\n"),
    badChunk("empty chunk size", "\r\n"),
    badChunk("empty chunk size before an extension", ";a\r\n"),
    badChunk("negative chunk size", "-1\r\n"),
    badChunk("chunk size with 0x", "0x1\r\n"),
    badChunk("blank before the chunk size", " 1\r\n"),
    badChunk("blank after the chunk size", "1 \r\n"),
    badChunk("chunk size of fifteen digits", "FFFFFFFFFFFFFFF\r\n", 413),
    badChunk("chunk size of sixteen digits", "FFFFFFFFFFFFFFFF\r\n"),
    badChunk("chunk size that ends in LF", "1\na\r\n"),
    badChunk("bare CR in an extension", "1;a\rb\r\n"),
    badChunk("NUL in an extension", "1;a\0\r\n"),
    badChunk("chunk longer than its size", "1\r\nab\r\n", after: [.body("a")]),
    badChunk("chunk without an end", "1\r\na1\r\nb\r\n", after: [.body("a")]),
    badChunk("chunk that ends in LF", "1\r\na\n0\r\n\r\n", after: [.body("a")]),
    badChunk("trailer that ends in LF", "0\r\na: b\n\r\n"),
    badChunk("last chunk that ends in LF", "0\r\n\n"),
    badChunk("control byte in a trailer", "0\r\na: \u{1}\r\n\r\n"),
  ]
}
