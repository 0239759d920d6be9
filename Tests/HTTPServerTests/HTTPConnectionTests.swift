import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// One connection, seen from the client's end.
@Reactor
@Suite(.bounded)
struct HTTPConnectionTests {
  @Test("an answer has status line, fields, date and length, in exactly these bytes")
  func exactBytes() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(get("/a%20b", "Connection: close"))
    #expect(
      await client.toTheEnd()
        == "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ndate: \(TestServer.date)\r\n"
        + "content-length: 4\r\n\r\n/a b")
    server.close()
  }

  @Test("a connection serves one request after the other")
  func keepAlive() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    for count in 1...3 {
      client.send(get("/\(count)"))
      #expect(try await client.responses(count).map(\.text) == (1...count).map { "/\($0)" })
    }
    #expect(try await client.responses(3).map { $0["connection"] } == [nil, nil, nil])
    #expect(server.summaries == Array(repeating: RequestSummary(status: 200, bytes: 2, isComplete: true), count: 3))
    #expect(server.server.activeRequests == 0)
    server.close()
  }

  @Test("requests that come at once are answered in their order, however many they are")
  func pipelining() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    let paths = (0..<5000).map { "/\($0)" }
    client.send(paths.map { get($0) }.joined())
    #expect(try await client.responses(paths.count).map(\.text) == paths)
    server.close()
  }

  @Test("requests that come at once are answered in their order though answers take turns")
  func pipeliningSlowly() async throws {
    let server = try TestServer { request, _ in
      await Task.yield()
      return .text(request.head.path)
    }
    let client = try server.connect()
    let paths = (0..<200).map { "/\($0)" }
    client.send(paths.map { get($0) }.joined())
    #expect(try await client.responses(paths.count).map(\.text) == paths)
    server.close()
  }

  @Test("a request behind a streaming answer waits for its end")
  func pipeliningBehindStream() async throws {
    let body = RecordingBody()
    let server = try TestServer { request, _ in
      request.head.path == "/stream" ? .eventStream(body) : .text(request.head.path)
    }
    let client = try server.connect()
    client.send(get("/stream") + get("/next"))
    await until { body.events == [.started] }
    body.write("one ")
    await until { client.text.hasSuffix("one \r\n") }
    #expect(server.requests.count == 1)
    body.write("two")
    body.finish()
    #expect(try await client.responses(2).map(\.text) == ["one two", "/next"])
    #expect(body.events == [.started])
    server.close()
  }

  @Test("a HEAD request gets the head of the answer, its length included, and the connection goes on")
  func head() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n")
    let response = try await client.response(toHead: true)
    #expect(response.status == 200)
    #expect(response["content-length"] == "4")
    client.send(get("/next"))
    await until { client.text.hasSuffix("\r\n\r\n/next") }
    #expect(server.summaries.map(\.bytes) == [0, 5])
    server.close()
  }

  @Test("a HEAD request for a stream gets its head; the stream is told that nobody reads")
  func headOfStream() async throws {
    let body = RecordingBody()
    let server = try TestServer { _, _ in .eventStream(body) }
    let client = try server.connect()
    client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    let response = try await client.response(toHead: true)
    #expect(response["transfer-encoding"] == "chunked")
    #expect(body.events == [.clientLeft])
    #expect(server.summaries == [RequestSummary(status: 200, bytes: 0, isComplete: true)])
    server.close()
  }

  @Test("an answer without content has no length")
  func noContent() async throws {
    let server = try TestServer { _, _ in HTTPResponse(head: HTTPResponseHead(.noContent)) }
    let client = try server.connect()
    client.send(get("/") + get("/"))
    let response = try await client.responses(2)
    #expect(response.map(\.fields) == [["date: \(TestServer.date)"], ["date: \(TestServer.date)"]])
    server.close()
  }

  @Test("a client that expects to be asked is asked, once, before it sends its body")
  func expectContinue() async throws {
    let server = try echoingBodies()
    let client = try server.connect()
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    await until { client.text == "HTTP/1.1 100 Continue\r\n\r\n" }
    client.send("bo")
    client.send("dy")
    #expect(try await client.responses(2).map(\.status) == [100, 200])
    #expect(try await client.responses(2).last?.text == "body")
    server.close()
  }

  @Test("a client that sends its body without waiting is not asked")
  func expectContinueUnneeded() async throws {
    let server = try echoingBodies()
    let client = try server.connect()
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody")
    #expect(try await client.response().text == "body")
    server.close()
  }

  @Test("a client whose body would be too large is told so instead of being asked for it")
  func expectTooLarge() async throws {
    let server = try echoingBodies(bodyLimit: 3)
    let client = try server.connect()
    client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    #expect(try await client.response().status == 413)
    server.close()
  }

  @Test("pipelined requests that are answered at once are answered in order, one a turn")
  func pipeliningAtOnce() async throws {
    let server = try TestServer(responder: { request, _ in .ready(.text(request.head.path)) })
    let client = try server.connect()
    client.send((1...200).map { get("/\($0)") }.joined())
    let responses = try await client.responses(200)
    #expect(responses.map(\.text) == (1...200).map { "/\($0)" })
    server.close()
  }

  @Test("a client that asks on and on and does not read stops being answered, until it reads")
  func pipeliningWithoutReading() async throws {
    var limits = ServerLimits()
    limits.outputHighWater = 64 * 1024
    limits.outputLowWater = 1024
    let page = String(repeating: "x", count: 16 * 1024)
    let server = try TestServer(limits: limits, responder: { _, _ in .ready(.text(page)) })
    let client = try server.connect()
    client.isReading = false
    client.send((0..<400).map { _ in get("/") }.joined())
    try await server.settle()
    // What the kernel holds is answered as well: a few hundred kilobytes.
    #expect((4..<100).contains(server.requests.count))
    client.isReading = true
    let responses = try await client.responses(400)
    #expect(responses.count == 400)
    #expect(responses.allSatisfy { $0.text == page })
    server.close()
  }

  @Test("a chunked body comes to the responder whole")
  func chunkedRequest() async throws {
    let server = try echoingBodies()
    let client = try server.connect()
    client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    try await server.settle()
    client.send("2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n")
    #expect(try await client.response().text == "abcde")
    server.close()
  }

  @Test("a large body comes and goes whole")
  func largeBody() async throws {
    let server = try echoingBodies()
    let client = try server.connect()
    let body = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 13 >> 4) }
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n")
    client.send(body)
    #expect(try await client.response().body == body)
    server.close()
  }

  @Test("HTTP/1.0 gets one answer and the end of the connection", arguments: ["", "Connection: keep-alive\r\n"])
  func http10(field: String) async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send("GET /old HTTP/1.0\r\n\(field)\r\n")
    let text = await client.toTheEnd()
    #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(text.contains("\r\nconnection: close\r\n"))
    #expect(text.hasSuffix("\r\n\r\n/old"))
    server.close()
  }

  @Test("a stream for HTTP/1.0 is not chunked; the end of the connection ends it")
  func http10Stream() async throws {
    let body = RecordingBody()
    let server = try TestServer { _, _ in .eventStream(body) }
    let client = try server.connect()
    client.send("GET / HTTP/1.0\r\n\r\n")
    await until { body.events == [.started] }
    body.write("data: 1\n\n")
    body.finish()
    let text = await client.toTheEnd()
    #expect(!text.contains("transfer-encoding"))
    #expect(text.hasSuffix("\r\n\r\ndata: 1\n\n"))
    server.close()
  }

  @Test(
    "a request that cannot be read gets an answer in JSON, and the connection ends",
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", 400, "bad_request"), ("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"),
      ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, "bad_request"),
      ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
      ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413, "request_too_large"),
    ])
  func refusals(request: String, status: Int, code: String) async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(request + get("/never"))
    _ = await client.toTheEnd()
    let response = try await client.response()
    #expect(response.status == status)
    #expect(response["content-type"] == "application/json")
    #expect(response["connection"] == "close")
    #expect(response.text.hasPrefix(#"{"error":{"message":""#))
    #expect(response.text.contains(#""code":"\#(code)""#))
    #expect(server.requests.count == 0)
    server.close()
  }

  @Test("no value of an answer's field begins a line of its own")
  func injection() async throws {
    let server = try TestServer { _, context in
      context.setResponseField("x-two", "b\r\n\r\n<html>")
      return HTTPResponse(head: HTTPResponseHead(.noContent, ["x-one": "a\r\nset-cookie: c"]))
    }
    let client = try server.connect()
    client.send(get("/"))
    let response = try await client.response()
    #expect(response.fields == ["x-one: a  set-cookie: c", "x-two: b    <html>", "date: \(TestServer.date)"])
    server.close()
  }

  private func echoingBodies(bodyLimit: Int = 1 << 22) throws -> TestServer {
    var limits = ServerLimits()
    limits.http.body = bodyLimit
    return try TestServer(limits: limits) { request, _ in
      HTTPResponse(head: HTTPResponseHead(.ok), body: .bytes(request.body.take()))
    }
  }
}
