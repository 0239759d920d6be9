import Bytes
import EventLoop
import Glibc
import HTTP
import HTTPServerTestSupport
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import HTTPServer

@Reactor
@Suite(.bounded)
struct HTTPServerTests {
  // MARK: Deadlines

  @Test("an unused connection is closed after the idle time-out, not before", arguments: [true, false])
  func idleTimeout(isFresh: Bool) async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    if !isFresh {
      client.send(get("/"))
      _ = try await client.response()
    }
    try await server.settle()
    server.advance(by: .seconds(75) - .milliseconds(1))
    #expect(server.server.connectionCount == 1)
    server.advance(by: .milliseconds(1))
    #expect(server.server.connectionCount == 0)
    await until { client.hasEnded }
    #expect(client.hasEnded)
    server.close()
  }

  @Test(
    "a head must be complete ten seconds after its first byte; a trickle does not extend that",
    arguments: [true, false])
  func headTimeout(isFirst: Bool) async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    if !isFirst {
      client.send(get("/"))
      _ = try await client.response()
    }
    server.advance(by: .seconds(20))
    client.send("GET / HTTP/1.1\r\n")
    try await server.settle()
    server.advance(by: .seconds(9))
    client.send("Host")
    try await server.settle()
    server.advance(by: .milliseconds(999))
    try await server.settle()
    #expect(!client.text.contains("408"))
    server.advance(by: .milliseconds(1))
    _ = await client.toTheEnd()
    let response = try #require(TestResponse.parse(client.received).last)
    #expect(response.statusLine == "HTTP/1.1 408 Request Timeout")
    #expect(response.text.contains("the request head did not arrive in time"))
    #expect(response["connection"] == "close")
    server.close()
  }

  @Test("an empty line between requests is harmless: the connection is idle; a second one is refused")
  func emptyLines() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(get("/") + "\r\n")
    _ = try await client.response()
    try await server.settle()
    server.advance(by: .seconds(75) - .milliseconds(1))
    #expect(server.server.connectionCount == 1)
    client.send("\r\n")
    _ = await client.toTheEnd()
    let refusal = try #require(TestResponse.parse(client.received).last)
    #expect(refusal.status == 400)
    #expect(refusal.text.contains("more than one empty line before a request"))
    server.close()
  }

  @Test("a head after an empty line has its own ten seconds, in however many pieces the line came")
  func headAfterEmptyLine() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    for piece in ["\r", "\n", "G"] {
      client.send(piece)
      try await server.settle()
      server.advance(by: .seconds(5))
    }
    server.advance(by: .seconds(5) - .milliseconds(1))
    #expect(client.text == "")
    server.advance(by: .milliseconds(500))
    #expect(await client.toTheEnd().hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    server.close()
  }

  @Test("beside many heads that never end, requests are answered; the slow ones get 408 at their deadline, not before")
  func slowHeads() async throws {
    let server = try TestServer.echoingPaths()
    let slow = try (0..<100).map { _ in try server.connect() }
    let good = try server.connect()
    for count in 1...10 {
      for client in slow { client.send("G") }
      try await server.settle()
      good.send(get("/\(count)"))
      #expect(try await good.responses(count).last?.text == "/\(count)")
      #expect(slow.map(\.text) == Array(repeating: "", count: slow.count))
      server.advance(by: .seconds(1) - .milliseconds(count == 10 ? 1 : 0))
    }
    try await server.settle()
    #expect(slow.map(\.text) == Array(repeating: "", count: slow.count))
    server.advance(by: .milliseconds(1))
    for client in slow { #expect(await client.toTheEnd().hasPrefix("HTTP/1.1 408 Request Timeout\r\n")) }
    good.send(get("/after"))
    #expect(try await good.responses(11).last?.text == "/after")
    server.close()
  }

  @Test("a body may pause for thirty seconds at a time and no longer")
  func bodyTimeout() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    // Enough to be fast on average for a minute and more.
    client.send(post("/", "Content-Length: 200000") + String(repeating: "a", count: 150_000))
    await until { client.hasSentAll }
    try await server.settle()
    server.advance(by: .seconds(30) - .milliseconds(1))
    client.send("b")
    try await server.settle()
    server.advance(by: .seconds(30) - .milliseconds(1))
    try await server.settle()
    #expect(client.text == "")
    // The sweep comes every half second, and this deadline lies between two.
    server.advance(by: .milliseconds(500))
    _ = await client.toTheEnd()
    let response = try await client.response()
    #expect(response.status == 408)
    #expect(response.text.contains("the request body did not arrive in time"))
    server.close()
  }

  @Test("an answer may take as long as it takes")
  func noDeadlineWhileAnswering() async throws {
    let gate = Gate()
    let server = try TestServer { _, _ in
      await gate.opened()
      return .text("at last")
    }
    let client = try server.connect()
    client.send(get("/"))
    await until { server.requests.count == 1 }
    server.advance(by: .seconds(3600))
    gate.open()
    #expect(try await client.response().text == "at last")
    server.close()
  }

  @Test("after a last answer the client has two seconds to end the connection")
  func lingerTimeout() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(get("/", "Connection: close"))
    _ = await client.toTheEnd()
    server.advance(by: .seconds(2) - .milliseconds(1))
    #expect(server.server.connectionCount == 1)
    client.send("what comes now is thrown away")
    try await server.settle()
    server.advance(by: .milliseconds(1))
    #expect(server.server.connectionCount == 0)
    #expect(server.requests.count == 1)
    server.close()
  }

  @Test("a client that ends the connection after a last answer is forgotten at once")
  func lingerEnds() async throws {
    let server = try TestServer.echoingPaths()
    let client = try server.connect()
    client.send(get("/", "Connection: close"))
    _ = await client.toTheEnd()
    client.close()
    await until { server.server.connectionCount == 0 }
    #expect(server.server.connectionCount == 0)
    server.close()
  }

  @Test("the two seconds begin when the answer is out, however slowly it is read", arguments: ["close", "keep-alive"])
  func slowReader(connection: String) async throws {
    let large = [UInt8](repeating: 0x61, count: 4 << 20)
    let server = try TestServer { _, _ in HTTPResponse(head: HTTPResponseHead(.ok), body: .bytes(large)) }
    let client = try server.connect()
    client.isReading = false
    client.send(get("/", "Connection: \(connection)"))
    await until { server.summaries.count == 1 }
    for _ in 0..<3 {
      server.advance(by: .seconds(74))
      client.isReading = true
      client.isReading = false
      try await server.settle()
    }
    client.isReading = true
    let response = try await client.response()
    #expect(response.body.count == large.count)
    server.close()
  }

  @Test(
    "a client that does not read its answer is given up after the idle time-out", arguments: ["close", "keep-alive"])
  func stalledReader(connection: String) async throws {
    let large = [UInt8](repeating: 0x61, count: 4 << 20)
    let server = try TestServer { _, _ in HTTPResponse(head: HTTPResponseHead(.ok), body: .bytes(large)) }
    let client = try server.connect()
    client.isReading = false
    client.send(get("/", "Connection: \(connection)"))
    await until { server.summaries.count == 1 }
    try await server.settle()
    server.advance(by: .seconds(75) - .milliseconds(1))
    #expect(server.server.connectionCount == 1)
    server.advance(by: .milliseconds(1))
    #expect(server.server.connectionCount == 0)
    server.close()
  }

  // MARK: Limits

  @Test("as many connections as the limit are served, one more is told to come back", arguments: [-1, 0, 1])
  func connectionLimit(excess: Int) async throws {
    var limits = ServerLimits()
    limits.connections = 3
    let server = try TestServer.echoingPaths(limits: limits)
    let clients = try (0..<(3 + excess)).map { _ in try server.connect() }
    for client in clients { client.send(get("/")) }
    var statuses: [Int] = []
    for client in clients { statuses.append(try await client.response().status) }
    #expect(statuses == [200, 200] + (excess > -1 ? [200] : []) + (excess > 0 ? [503] : []))
    if excess > 0 {
      let refusal = try await clients[3].response()
      #expect(refusal["retry-after"] == "1")
      #expect(refusal["connection"] == "close")
      #expect(refusal.text.contains(#""code":"overloaded""#))
      #expect(await clients[3].toTheEnd().hasSuffix(refusal.text))
    }
    server.close()
  }

  @Test("a place that becomes free can be taken")
  func freedPlace() async throws {
    var limits = ServerLimits()
    limits.connections = 1
    let server = try TestServer.echoingPaths(limits: limits)
    let first = try server.connect()
    first.close()
    await until { server.server.connectionCount == 0 }
    let second = try server.connect()
    second.send(get("/"))
    #expect(try await second.response().status == 200)
    server.close()
  }

  @Test("refused connections take no place: one that becomes free can be taken while they linger")
  func refusalsTakeNoPlace() async throws {
    var limits = ServerLimits()
    limits.connections = 1
    let server = try TestServer.echoingPaths(limits: limits)
    let first = try server.connect()
    let refused = try (0..<5).map { _ in try server.connect() }
    for client in refused { #expect(await client.toTheEnd().hasPrefix("HTTP/1.1 503 ")) }
    #expect(server.server.connectionCount == 1)
    #expect(server.server.refusalCount == 5)
    first.close()
    await until { server.server.connectionCount == 0 }
    let second = try server.connect()
    second.send(get("/"))
    #expect(try await second.response().status == 200)
    #expect(server.server.refusalCount == 5)
    server.close()
    #expect(server.server.refusalCount == 0)
  }

  @Test("as many refusals as the limit are told, one more is closed at once", arguments: [-1, 0, 1])
  func refusalLimit(excess: Int) async throws {
    var limits = ServerLimits()
    limits.connections = 1
    limits.refusals = 3
    let server = try TestServer.echoingPaths(limits: limits)
    let first = try server.connect()
    let others = try (0..<(3 + excess)).map { _ in try server.connect() }
    #expect(server.server.refusalCount == min(3, 3 + excess))
    var answers: [String] = []
    for client in others { answers.append(String(await client.toTheEnd().prefix(12))) }
    let told = Array(repeating: "HTTP/1.1 503", count: min(3, 3 + excess))
    #expect(answers == told + (excess > 0 ? [""] : []))
    first.send(get("/"))
    #expect(try await first.response().status == 200)
    server.close()
  }

  @Test("a refused connection lingers for two seconds, or until its client ends it; then another one is told")
  func refusalsEnd() async throws {
    var limits = ServerLimits()
    limits.connections = 0
    limits.refusals = 2
    let server = try TestServer.echoingPaths(limits: limits)
    let (patient, hasty) = (try server.connect(), try server.connect())
    for client in [patient, hasty] { _ = await client.toTheEnd() }
    #expect(server.server.refusalCount == 2)
    hasty.close()
    await until { server.server.refusalCount == 1 }
    #expect(await (try server.connect()).toTheEnd().hasPrefix("HTTP/1.1 503 "))
    #expect(server.server.refusalCount == 2)
    server.advance(by: .seconds(2) - .milliseconds(1))
    #expect(server.server.refusalCount == 2)
    server.advance(by: .milliseconds(1))
    #expect(server.server.refusalCount == 0)
    server.close()
  }

  @Test("a server on its way down waits for refusals to be out too, and closes them with the others")
  func drainingRefusals() async throws {
    var limits = ServerLimits()
    limits.connections = 0
    let server = try TestServer.echoingPaths(limits: limits)
    let client = try server.connect()
    server.server.stopListening()
    let drained = Task { @Reactor in await server.server.drained(within: .seconds(3600)) }
    #expect(await client.toTheEnd().hasPrefix("HTTP/1.1 503 "))
    #expect(server.server.refusalCount == 1)
    client.close()
    await drained.value
    #expect(server.server.refusalCount == 0)
  }

  // MARK: Errors

  @Test("an HTTPError becomes its answer, with the context's fields, and the connection goes on")
  func thrownErrors() async throws {
    let server = try TestServer { request, context in
      context.setResponseField("x-request-id", "r1")
      guard request.head.path == "/ok" else { throw HTTPError.invalidRequest("no", param: "p", code: "c") }
      return .text("ok")
    }
    let client = try server.connect()
    client.send(get("/bad") + get("/ok"))
    let responses = try await client.responses(2)
    #expect(responses.map(\.status) == [400, 200])
    #expect(responses.map { $0["x-request-id"] } == ["r1", "r1"])
    #expect(
      responses[0].text
        == #"{"error":{"message":"no","type":"invalid_request_error","param":"p","code":"c"}}"# + "\n")
    server.close()
  }

  @Test("an error is written as the request's context says, whatever it is, with its own fields")
  func writtenErrors() async throws {
    let server = try TestServer { request, context in
      context.errorBody = { error, _ in ["is": .string(error.type)] }
      guard request.head.path == "/known" else { throw TestFailure("unknown") }
      let field = HTTPResponseHead.Field(name: "retry-after", value: "7")
      throw HTTPError(.tooManyRequests, type: "t", message: "m", headers: [field])
    }
    let client = try server.connect()
    client.send(get("/known") + get("/unknown"))
    let responses = try await client.responses(2)
    #expect(responses.map(\.status) == [429, 500])
    #expect(responses.map(\.text) == [#"{"is":"t"}"# + "\n", #"{"is":"server_error"}"# + "\n"])
    #expect(responses.map { $0["retry-after"] } == ["7", nil])
    server.close()
  }

  @Test("any other error is a 500 that tells nothing; the log has it")
  func unexpectedErrors() async throws {
    let lines = LogLines()
    let server = HTTPServer(
      logger: Logger(level: .info, format: .json, now: { Timestamp(milliseconds: 0) }, write: lines.take),
      clock: { Timestamp(milliseconds: 0) }, scheduler: ManualScheduler()
    ) { _, _ in throw TestFailure("the first secret") }
    let request = try HTTPRequest.of("GET", "/")
    guard case .response(let refusal) = server.admit(request.head, .known(0), context(lines)) else {
      throw TestFailure("admitted")
    }
    var answer: HTTPResponse?
    let route = MatchedRoute(body: .none) { _, _ in throw TestFailure("the second secret") }
    server.respond(to: request, by: route, context(lines)) { answer = $0 }
    for response in [refusal, try #require(answer)] {
      #expect(response.head.status == 500)
      guard case .bytes(let body) = response.body else { throw TestFailure("not a body of bytes") }
      #expect(!String(decoding: body, as: UTF8.self).contains("secret"))
    }
    #expect(lines.text.contains("the first secret"))
    #expect(lines.text.contains("the second secret"))
  }

  @Test("a field the answer has itself is not replaced by the context's")
  func responseFields() async throws {
    let server = try TestServer { _, context in
      context.setResponseField("content-type", "other")
      context.setResponseField("x-a", "1")
      context.setResponseField("x-a", "2")
      return .text("t")
    }
    let client = try server.connect()
    client.send(get("/"))
    let fields = try await client.response().fields
    #expect(
      fields.filter { $0.hasPrefix("content-type") || $0.hasPrefix("x-a") } == ["content-type: text/plain", "x-a: 2"])
    server.close()
  }

  // MARK: The way down

  @Test("a server that stops listening closes idle connections and lets answers finish")
  func draining() async throws {
    let gate = Gate()
    let server = try TestServer { _, _ in
      await gate.opened()
      return .text("done")
    }
    let idle = try server.connect()
    let busy = try server.connect()
    busy.send(get("/"))
    await until { server.requests.count == 1 }
    server.server.stopListening()
    #expect(server.server.port == nil)
    #expect(await idle.toTheEnd() == "")
    #expect(server.server.activeRequests == 1)
    gate.open()
    #expect(await busy.toTheEnd().hasSuffix("\r\n\r\ndone"))
    #expect(try await busy.response()["connection"] == "close")
    server.close()
  }

  @Test("the last connection is waited for, as long as timeout lasts", arguments: [true, false])
  func drained(closes: Bool) async throws {
    let server = try TestServer.echoingPaths()
    await server.server.drained(within: .seconds(1))
    let client = try server.connect()
    let waiting = Task.onLoop { await server.server.drained(within: .milliseconds(400)) }
    await until { server.scheduler.waits.first == .milliseconds(400) }
    if closes { client.close() } else { server.advance(by: .milliseconds(400)) }
    await waiting.value
    #expect(server.server.connectionCount == (closes ? 0 : 1))
    client.close()
    server.close()
  }

  @Test("closing all connections tells the streams")
  func closingAll() async throws {
    let body = RecordingBody()
    let server = try TestServer { _, _ in .eventStream(body) }
    let client = try server.connect()
    client.send(get("/"))
    await until { body.events == [.started] }
    server.server.closeAllConnections()
    #expect(body.events == [.started, .clientLeft])
    #expect(server.server.connectionCount == 0)
    #expect(server.summaries.map(\.isComplete) == [false])
    await until { client.hasEnded }
    server.close()
  }

  @Test("a connection over TCP is served, and its peer known")
  func tcp() async throws {
    let server = try TestServer.echoingPaths()
    let port = try #require(server.server.port)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try #require(connect(descriptor, to: port) == 0)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    let client = try TestClient(descriptor)
    client.send(get("/tcp"))
    client.finishSending()
    #expect(await client.toTheEnd().hasSuffix("\r\n\r\n/tcp"))
    #expect(server.contexts.map { $0.peer.hasPrefix("127.0.0.1:") } == [true])
    server.close()
  }

  // The kernel completes the connection by itself, so this may block without the loop.
  private func connect(_ descriptor: Int32, to port: Int) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe Glibc.connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private func context(_ lines: LogLines) -> RequestContext {
    RequestContext(
      peer: "client:1",
      logger: Logger(level: .info, format: .json, now: { Timestamp(milliseconds: 0) }, write: lines.take),
      startedAt: ContinuousClock.now)
  }

  private final class LogLines: Sendable {
    private let lines = Mutex<[UInt8]>([])
    var text: String { String(decoding: lines.withLock { $0 }, as: UTF8.self) }
    @Sendable func take(_ line: [UInt8]) { lines.withLock { $0 += line } }
  }
}
