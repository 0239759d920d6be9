import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// Requests that are answered on their heads, and what becomes of their bodies.
@Reactor
@Suite(.bounded)
struct RefusedRequestTests {
  /// Paths below `/no` are refused, `/none` takes no body, all others take any.
  private func server(_ limits: ServerLimits = ServerLimits()) throws -> TestServer {
    try TestServer(limits: limits) { head, context in
      context.setResponseField("x-request-id", "r1")
      guard !head.path.hasPrefix("/no/") else { throw HTTPError(.unauthorized, type: "t", message: "no") }
      return .route(
        MatchedRoute(body: head.path == "/none" ? .none : head.path == "/json" ? .json : .bytes) { request, _ in
          .ready(.text("\(request.head.path) \(request.body.count)"))
        })
    }
  }

  private nonisolated static let framings: [@Sendable (String, Int) -> (head: String, body: String)] = [
    { path, size in (post(path, "Content-Length: \(size)"), String(repeating: "b", count: size)) },
    { path, size in
      (
        post(path, "Transfer-Encoding: chunked"),
        "\(String(size, radix: 16))\r\n\(String(repeating: "b", count: size))\r\n0\r\n\r\n"
      )
    },
  ]

  @Test("a refusal comes before the body, and the connection serves the next request after it", arguments: [0, 1])
  func beforeBody(framing: Int) async throws {
    let server = try server()
    let client = try server.connect()
    let (head, body) = Self.framings[framing]("/no/1", 5)
    client.send(head)
    let refusal = try await client.response()
    #expect(refusal.status == 401)
    #expect(refusal["connection"] == nil)
    #expect(server.summaries == [RequestSummary(status: 401, bytes: refusal.body.count, isComplete: true)])
    #expect(server.server.activeRequests == 0)
    for byte in body { client.send(String(byte)) }
    try await server.settle()
    client.send(get("/next"))
    #expect(try await client.responses(2).last?.text == "/next 0")
    #expect(server.requests.map(\.head.path) == ["/next"])
    server.close()
  }

  @Test("refused requests with bodies are answered in a pipeline, in order", arguments: [0, 1])
  func pipeline(framing: Int) async throws {
    let server = try server()
    let client = try server.connect()
    let requests = (0..<300).map { number in
      let (head, body) = Self.framings[framing](number % 3 == 0 ? "/\(number)" : "/no/\(number)", 7)
      return head + body
    }
    client.send(requests.joined())
    let statuses = try await client.responses(300).map(\.status)
    #expect(statuses == (0..<300).map { $0 % 3 == 0 ? 200 : 401 })
    server.close()
  }

  @Test("a declared body that is too long to be dropped costs the connection, and the answer says so")
  func declaredLimit() async throws {
    let limit = ServerLimits().unwantedBody
    let outcomes = try await LimitTable.row("body of a refused request", limit) { offset in
      let server = try server()
      let client = try server.connect()
      let (head, body) = Self.framings[0]("/no", limit + offset)
      client.send(head.replacing("/no", with: "/no/1") + body + get("/next"))
      if offset > 0 { _ = await client.toTheEnd() }
      let responses = try await client.responses(offset > 0 ? 1 : 2)
      server.close()
      return "\(responses.map(\.status)) \(responses[0]["connection"] ?? "kept")"
    }
    #expect(outcomes == ["[401, 200] kept", "[401, 200] kept", "[401] close"])
  }

  @Test("a chunked body that is too long to be dropped costs the connection when it has come so far")
  func chunkedLimit() async throws {
    let limit = ServerLimits().unwantedBody
    let outcomes = try await LimitTable.row("chunks of a refused request", limit) { offset in
      let server = try server()
      let client = try server.connect()
      let (head, body) = Self.framings[1]("/no/1", limit + offset)
      client.send(head)
      let refusal = try await client.response()
      #expect(refusal["connection"] == nil)
      client.send(body + get("/next"))
      if offset > 0 { _ = await client.toTheEnd() }
      let responses = try await client.responses(offset > 0 ? 1 : 2)
      server.close()
      return "\(responses.map(\.status))"
    }
    #expect(outcomes == ["[401, 200]", "[401, 200]", "[401]"])
  }

  @Test("a route without a body drops a short one and refuses a longer one", arguments: [0, 1])
  func routeWithoutBody(framing: Int) async throws {
    let limit = ServerLimits().unwantedBody
    let outcomes = try await LimitTable.row("body nothing takes, \(framing)", limit) { offset in
      let server = try server()
      let client = try server.connect()
      let (head, body) = Self.framings[framing]("/none", limit + offset)
      client.send(head + body + get("/next"))
      if offset > 0 { _ = await client.toTheEnd() }
      let responses = try await client.responses(offset > 0 ? 1 : 2)
      #expect(responses[0]["x-request-id"] == "r1")
      #expect(server.summaries.map(\.status?.rawValue) == responses.map(\.status))
      server.close()
      return "\(responses.map(\.status)) \(responses[0]["connection"] ?? responses[0].text)"
    }
    #expect(outcomes == ["[200, 200] /none 0", "[200, 200] /none 0", "[413] close"])
  }

  @Test(
    "what a head says of a body that is not taken is refused before the client is asked for it",
    arguments: [
      ("/no/1", "Content-Length: 5", 401), ("/no/1", "Transfer-Encoding: chunked", 401),
      ("/json", "Content-Length: 5\r\nContent-Type: text/plain", 415), ("/json", "Content-Length: 33554433", 413),
      ("/any", "Content-Length: 33554433", 413), ("/none", "Content-Length: 65537", 413),
    ])
  func expectContinue(path: String, fields: String, status: Int) async throws {
    let server = try server()
    let client = try server.connect()
    client.send(post(path, fields, "Expect: 100-continue"))
    _ = await client.toTheEnd()
    let refusal = try await client.response()
    #expect(refusal.status == status)
    #expect(refusal["connection"] == "close")
    #expect(refusal["x-request-id"] == "r1")
    #expect(server.summaries.map(\.status?.rawValue) == [status])
    #expect(server.requests.isEmpty)
    server.close()
  }

  @Test("a body that is too large, broken or late is refused with the context's fields, and counted")
  func brokenBodies() async throws {
    for (head, body, status) in [
      (post("/any", "Transfer-Encoding: chunked"), "2000001\r\n", 413),
      (post("/any", "Transfer-Encoding: chunked"), "x\r\n", 400), (post("/any", "Content-Length: 5"), "b", 408),
    ] {
      let server = try server()
      let client = try server.connect()
      client.send(head + body)
      try await server.settle()
      server.advance(by: .seconds(31))
      _ = await client.toTheEnd()
      let refusal = try await client.response()
      #expect(refusal.status == status)
      #expect(refusal["x-request-id"] == "r1")
      #expect(refusal["connection"] == "close")
      #expect(server.summaries.map(\.status?.rawValue) == [status])
      #expect(server.server.activeRequests == 0)
      server.close()
    }
  }

  @Test("a refused body that does not come is waited for as long as any other, and not answered twice")
  func silence() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(post("/no/1", "Content-Length: 5") + "b")
    _ = try await client.response()
    server.advance(by: .seconds(30) - .milliseconds(1))
    #expect(server.server.connectionCount == 1)
    server.advance(by: .milliseconds(500))
    #expect(server.server.connectionCount == 0)
    _ = await client.toTheEnd()
    #expect(TestResponse.parse(client.received).map(\.status) == [401])
    server.close()
  }

  @Test("a client that leaves in the middle of its body is counted without a status")
  func leaving() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(post("/any", "Content-Length: 5") + "b")
    await until { server.contexts.count == 1 }
    var cancellations = 0
    server.contexts[0].cancellation.whenCancelled { cancellations += 1 }
    client.close()
    await until { server.server.connectionCount == 0 }
    #expect(cancellations == 1)
    #expect(server.summaries == [RequestSummary(status: nil, bytes: 0, isComplete: false)])
    #expect(server.server.activeRequests == 0)
    server.close()
  }

  @Test("a server on its way down reads the rest of a refused body and closes then")
  func draining() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(post("/no/1", "Content-Length: 5") + "b")
    _ = try await client.response()
    server.server.stopListening()
    try await server.settle()
    #expect(server.server.connectionCount == 1)
    client.send("odyx")
    #expect(await client.toTheEnd().hasPrefix("HTTP/1.1 401 "))
    #expect(server.contexts.count == 1)
    server.close()
  }
}
