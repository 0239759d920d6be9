import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// Clients that leave, altogether or by half.
@Reactor
@Suite(.bounded)
struct ClientDepartureTests {
  @Test("a client that leaves in the middle of a stream is told of once")
  func leavingStream() async throws {
    let body = RecordingBody()
    let server = try TestServer { _, _ in .eventStream(body) }
    let client = try server.connect()
    client.send(get("/"))
    await until { body.events == [.started] }
    var cancellations = 0
    server.contexts[0].cancellation.whenCancelled { cancellations += 1 }
    client.close()
    // It may be gone or may only have finished sending: the next bytes tell.
    try await server.settle()
    body.write("x")
    await until { !server.summaries.isEmpty }
    try await server.settle()
    body.write("nobody reads this")
    body.finish()
    #expect(body.events == [.started, .clientLeft])
    #expect(cancellations == 1)
    #expect(server.summaries.map(\.isComplete) == [false])
    #expect(server.summaries.map(\.status) == [200])
    #expect(server.server.connectionCount == 0)
    #expect(server.server.activeRequests == 0)
    server.close()
  }

  @Test("a client that leaves before its answer is noticed by itself, and the late answer is told")
  func leavingBeforeAnswer() async throws {
    let body = RecordingBody()
    let gate = Gate()
    let server = try TestServer { _, _ in
      await gate.opened()
      return .eventStream(body)
    }
    let client = try server.connect()
    client.send(get("/"))
    await until { server.contexts.count == 1 }
    var cancellations = 0
    server.contexts[0].cancellation.whenCancelled { cancellations += 1 }
    client.close()
    await until { !server.summaries.isEmpty }
    #expect(cancellations == 1)
    #expect(server.summaries == [RequestSummary(status: nil, bytes: 0, isComplete: false)])
    gate.open()
    await until { !body.events.isEmpty }
    #expect(body.events == [.clientLeft])
    #expect(server.summaries.count == 1)
    server.close()
  }

  @Test("a stream with a probe notices a client that has left")
  func probing() async throws {
    let body = RecordingBody(probe: ": ping\n")
    let server = try TestServer { _, _ in .eventStream(body) }
    let client = try server.connect()
    client.send(get("/"))
    await until { body.events == [.started] }
    client.close()
    await until { body.events == [.started, .clientLeft] }
    #expect(server.summaries.map(\.isComplete) == [false])
    server.close()
  }

  @Test("a client that has only finished sending gets its answer", arguments: [0, 1, 2])
  func halfClose(turns: Int) async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(get("/half"))
    for _ in 0..<turns { try await server.settle() }
    client.finishSending()
    #expect(await client.toTheEnd().hasSuffix("\r\n\r\n/half"))
    #expect(server.summaries.map(\.isComplete) == [true])
    await until { server.server.connectionCount == 0 }
    server.close()
  }

  @Test("pipelined requests before a half-close are all answered")
  func halfCloseOfPipeline() async throws {
    let server = try TestServer { request, _ in
      await Task.yield()
      return .text(request.head.path)
    }
    let client = try server.connect()
    client.send(get("/1") + get("/2") + get("/3"))
    client.finishSending()
    _ = await client.toTheEnd()
    #expect(TestResponse.parse(client.received).filter { $0.status == 200 }.map(\.text) == ["/1", "/2", "/3"])
    server.close()
  }

  @Test("a client that waits with its sending half closed is probed once, and still gets its answer")
  func halfCloseWhileAnswering() async throws {
    let gate = Gate()
    let server = try TestServer { request, _ in
      await gate.opened()
      return .text(request.head.path)
    }
    let client = try server.connect()
    client.send(get("/late"))
    client.finishSending()
    await until { client.text == "HTTP/1.1 102 Processing\r\n\r\n" }
    for _ in 0..<5 { try await server.settle() }
    #expect(client.text == "HTTP/1.1 102 Processing\r\n\r\n")
    gate.open()
    #expect(await client.toTheEnd().hasSuffix("\r\n\r\n/late"))
    #expect(TestResponse.parse(client.received).map(\.status) == [102, 200])
    #expect(server.summaries.map(\.isComplete) == [true])
    server.close()
  }

  @Test("a stream to a client that finished sending is probed once, and goes on to its end")
  func halfCloseOfStream() async throws {
    let body = RecordingBody(probe: ": ping\n")
    let server = try TestServer { _, _ in .eventStream(body) }
    let client = try server.connect()
    client.send(get("/"))
    await until { body.events == [.started] }
    client.finishSending()
    await until { client.text.contains(": ping\n") }
    for _ in 0..<5 { try await server.settle() }
    body.write("data: 1\n\n")
    body.finish()
    _ = await client.toTheEnd()
    #expect(try await client.response().text == ": ping\ndata: 1\n\n")
    #expect(body.events == [.started])
    #expect(server.summaries.map(\.isComplete) == [true])
    server.close()
  }

  @Test(
    "a large answer reaches a slow client whole, though it finished sending",
    arguments: ["Connection: close", "Connection: keep-alive"], [true, false])
  func halfCloseOfLargeAnswer(field: String, beforeAnswer: Bool) async throws {
    let large = [UInt8](repeating: 0x61, count: 4 << 20)
    let server = try TestServer { _, _ in HTTPResponse(head: HTTPResponseHead(.ok), body: .bytes(large)) }
    let client = try server.connect()
    client.isReading = false
    client.send(get("/", field))
    if beforeAnswer { client.finishSending() }
    await until { !server.summaries.isEmpty }
    client.finishSending()
    try await server.settle()
    client.isReading = true
    _ = await client.toTheEnd()
    #expect(try await client.responses(1).last?.body.count == large.count)
    server.close()
  }

  @Test("a client that leaves an idle connection is forgotten")
  func leavingIdle() async throws {
    let server = try TestServer.echoingPaths()
    let fresh = try server.connect()
    let used = try server.connect()
    used.send(get("/"))
    _ = try await used.response()
    #expect(server.server.connectionCount == 2)
    fresh.close()
    used.close()
    await until { server.server.connectionCount == 0 }
    #expect(server.summaries.count == 1)
    server.close()
  }

  @Test(
    "a client that leaves in the middle of its request is forgotten without an answer",
    arguments: ["GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"])
  func leavingRequest(part: String) async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(part)
    client.finishSending()
    #expect(await client.toTheEnd() == "")
    #expect(server.requests.count == 0)
    #expect(server.server.connectionCount == 0)
    server.close()
  }
}
