import Bytes
import HTTP
import Testing

/// Requests, and what is to be said about them however their bytes are cut.
struct HTTPRequestParserTests {
  @Test("a request gives the same events whole, byte by byte and cut in two anywhere", arguments: RequestCase.accepted)
  func accepted(_ example: RequestCase) {
    expectEverywhere(example)
  }

  @Test("a request that could be read in two ways is refused, however it is cut", arguments: RequestCase.refused)
  func refused(_ example: RequestCase) {
    expectEverywhere(example)
  }

  @Test("a body with each byte value comes through unchanged", arguments: [true, false])
  func binaryBody(isChunked: Bool) {
    let bytes = Array(UInt8.min...UInt8.max)
    let request =
      isChunked
      ? Array("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n".utf8) + bytes
        + Array("\r\n0\r\n\r\n".utf8)
      : Array("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 256\r\n\r\n".utf8) + bytes
    expectEverywhere(RequestCase("binary", bytes: request, [.head("POST / http11"), .body(bytes), .end]))
  }

  @Test("a target with bytes beyond ASCII is refused", arguments: ["/\u{E9}", "/a/\u{338}b"])
  func foreignTarget(target: String) {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    var body: [UInt8] = []
    let error = #expect(throws: HTTPProtocolError.self) { try parser.next(&input, body: &body) }
    #expect(error?.status == .badRequest)
  }

  @Test("a request that was refused stays refused")
  func staysFailed() {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer("GET / HTTP/1.1\r\n\r\n".utf8)
    var body: [UInt8] = []
    let error = HTTPProtocolError(.badRequest, "exactly one Host field is required")
    #expect(throws: error) { try parser.next(&input, body: &body) }
    input.append("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(throws: error) { try parser.next(&input, body: &body) }
    #expect(!parser.isBetweenRequests)
  }

  @Test("a parser is between requests before a head and after an end only")
  func betweenRequests() throws {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n!GET".utf8)
    var body: [UInt8] = []
    var states = [parser.isBetweenRequests]
    while try parser.next(&input, body: &body) != nil { states.append(parser.isBetweenRequests) }
    #expect(states == [true, false, true])
    #expect(body == [UInt8(ascii: "!")])
    #expect(input.bytes == Array("GET".utf8))
  }

  @Test(
    "a head says how long its body is",
    arguments: [
      ("a: b", .known(0)), ("Content-Length: 0", .known(0)), ("Content-Length: 007", .known(7)),
      ("Content-Length: 99999999999999999999", .known(.max)), ("Transfer-Encoding: chunked", .chunked),
    ] as [(String, HTTPBodyLength)])
  func bodyLength(field: String, expected: HTTPBodyLength) throws {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer("POST / HTTP/1.1\r\nHost: x\r\n\(field)\r\n\r\n".utf8)
    var body: [UInt8] = []
    let event = try parser.next(&input, body: &body)
    guard case .head(_, let length) = event else {
      Issue.record("no head")
      return
    }
    #expect(length == expected)
  }

  @Test("a chunked body of any pieces is appended in one call, and the input is empty then")
  func manyChunks() throws {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    var body: [UInt8] = []
    _ = try parser.next(&input, body: &body)
    input.append(String(repeating: "1\r\na\r\n", count: 10_000))
    #expect(try parser.next(&input, body: &body) == nil)
    #expect(body == Array(repeating: UInt8(ascii: "a"), count: 10_000))
    #expect(input.isEmpty)
  }

  // MARK: Limits

  @Test("a target may be 8 KiB long and no longer", arguments: [-1, 0, 1])
  func targetLimit(excess: Int) {
    let target = "/" + String(repeating: "t", count: 8 * 1024 - 1 + excess)
    let transcript = RequestTranscript.of("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(transcript == (excess > 0 ? [.refused(414)] : [.head("GET \(target) http11"), .end]))
  }

  @Test("a head may be 32 KiB long and no longer, blank line included", arguments: [-1, 0, 1], [32 * 1024, 1000, 1])
  func headLimit(excess: Int, partSize: Int) {
    let start = "GET / HTTP/1.1\r\nHost: x\r\nx-filler: "
    let filler = String(repeating: "f", count: 32 * 1024 + excess - start.utf8.count - 4)
    let bytes = Array("\(start)\(filler)\r\n\r\n".utf8)
    #expect(bytes.count == 32 * 1024 + excess)
    let parts = stride(from: 0, to: bytes.count, by: partSize).map { bytes[$0..<min($0 + partSize, bytes.count)] }
    #expect(RequestTranscript.of(parts) == (excess > 0 ? [.refused(431)] : [.head("GET / http11"), .end]))
  }

  @Test("a first line without an end is a target that is too long", arguments: [32 * 1024 - 1, 32 * 1024])
  func endlessTarget(size: Int) {
    let line = "GET /" + String(repeating: "t", count: size - 5)
    #expect(RequestTranscript.of(line) == (size < 32 * 1024 ? [] : [.refused(414)]))
  }

  @Test("a head may have a hundred fields and no more", arguments: [-1, 0, 1])
  func fieldsLimit(excess: Int) {
    let fields = String(repeating: "a: b\r\n", count: 99 + excess)
    let transcript = RequestTranscript.of("GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
    #expect(transcript == (excess > 0 ? [.refused(431)] : [.head("GET / http11"), .end]))
  }

  @Test("a declared body may be as long as the limit and no longer", arguments: [-1, 0, 1])
  func declaredBodyLimit(excess: Int) {
    let body = String(repeating: "b", count: 1000 + excess)
    let transcript = RequestTranscript.of(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", .small)
    #expect(transcript == [.head("POST / http11")] + (excess > 0 ? [.refused(413)] : [.body(body), .end]))
  }

  @Test("a chunked body may be as long as the limit in all and no longer", arguments: [-1, 0, 1])
  func chunkedBodyLimit(excess: Int) {
    let first = String(repeating: "b", count: 600)
    let second = String(repeating: "c", count: 400 + excess)
    let size = String(second.utf8.count, radix: 16)
    let transcript = RequestTranscript.of(chunked("258\r\n\(first)\r\n\(size)\r\n\(second)\r\n0\r\n\r\n"), .small)
    let rest: [RequestTranscript] = excess > 0 ? [.body(first), .refused(413)] : [.body(first + second), .end]
    #expect(transcript == [.head("POST / http11")] + rest)
  }

  @Test("the default limit of a body is 32 MiB", arguments: [-1, 0, 1])
  func defaultBodyLimit(excess: Int) {
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(32 * 1024 * 1024 + excess)\r\n\r\n"
    #expect(RequestTranscript.of(head) == [.head("POST / http11")] + (excess > 0 ? [.refused(413)] : []))
  }

  @Test("a chunk's size line may be as long as the limit and no longer", arguments: [-1, 0, 1])
  func chunkLineLimit(excess: Int) {
    let extra = String(repeating: "e", count: 64 + excess - "1;\r\n".utf8.count)
    let transcript = RequestTranscript.of(chunked("1;\(extra)\r\nb\r\n0\r\n\r\n"), .small)
    let rest: [RequestTranscript] = excess > 0 ? [.refused(400)] : [.body("b"), .end]
    #expect(transcript == [.head("POST / http11")] + rest)
  }

  @Test("trailers may be as long as the limit in all and no longer", arguments: [-1, 0, 1])
  func trailerLimit(excess: Int) {
    let (first, second) = (
      "a: " + String(repeating: "x", count: 37), "b: " + String(repeating: "y", count: 21 + excess)
    )
    let transcript = RequestTranscript.of(chunked("0\r\n\(first)\r\n\(second)\r\n\r\n"), .small)
    #expect(transcript == [.head("POST / http11"), excess > 0 ? .refused(400) : .end])
  }

  private func chunked(_ body: String) -> String {
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
  }

  private func expectEverywhere(_ example: RequestCase) {
    let bytes = example.bytes
    #expect(RequestTranscript.of([bytes]) == example.expected, "whole")
    #expect(RequestTranscript.of(bytes.map { [$0] }) == example.expected, "byte by byte")
    for cut in bytes.indices {
      #expect(RequestTranscript.of([bytes[..<cut], bytes[cut...]]) == example.expected, "cut at \(cut)")
    }
  }
}

extension HTTPLimits {
  fileprivate static var small: HTTPLimits {
    var limits = HTTPLimits()
    limits.body = 1000
    limits.chunkLine = 64
    return limits
  }
}
