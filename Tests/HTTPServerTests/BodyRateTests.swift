import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// How slowly a body may come.
@Reactor
@Suite(.bounded)
struct BodyRateTests {
  private static let limits = ServerLimits()

  private func begin() async throws -> (TestServer, TestClient) {
    let server = try TestServer(responder: { request, _ in .ready(.text("\(request.body.count)")) })
    let client = try server.connect()
    client.send(post("/", "Content-Length: 1000000"))
    try await server.settle()
    return (server, client)
  }

  private func send(_ count: Int, _ client: TestClient, _ server: TestServer) async throws {
    client.send([UInt8](repeating: 0x61, count: count))
    await until { client.hasSentAll }
    try await server.settle()
  }

  @Test("a body of one byte in ten seconds is refused after the grace")
  func trickle() async throws {
    let (server, client) = try await begin()
    for _ in 0..<2 {
      server.advance(by: .seconds(10))
      try await send(1, client, server)
    }
    server.advance(by: .seconds(10) - .milliseconds(1))
    try await send(1, client, server)
    #expect(client.text == "")
    server.advance(by: .milliseconds(1))
    _ = await client.toTheEnd()
    let refusal = try await client.response()
    #expect(refusal.status == 408)
    #expect(refusal.text.contains("the request body did not arrive in time"))
    server.close()
  }

  @Test("the least rate of a body, beyond the grace")
  func rate() async throws {
    let (rate, grace) = (Self.limits.bodyRate, Self.limits.bodyGrace)
    let outcomes = try await LimitTable.row("bytes a second of a body", rate) { offset in
      let (server, client) = try await begin()
      // In two parts, so that a silence is no reason: ten seconds' worth in all.
      try await send(1, client, server)
      server.advance(by: .seconds(20))
      try await send(10 * (rate + offset) - 1, client, server)
      server.advance(by: grace - .seconds(10))
      try await server.settle()
      let isOpen = server.server.connectionCount == 1 && client.text == ""
      client.close()
      server.close()
      return isOpen ? "open" : "given up"
    }
    #expect(outcomes == ["given up", "given up", "open"])
  }

  @Test("a body at the least rate comes whole, however long it takes")
  func slow() async throws {
    let (server, client) = try await begin()
    var left = 1_000_000
    while left > 0 {
      let count = min(left, 10 * Self.limits.bodyRate)
      try await send(count, client, server)
      left -= count
      server.advance(by: .seconds(10))
    }
    #expect(try await client.response().text == "1000000")
    server.close()
  }

  @Test("a refused body has to come as fast")
  func dropped() async throws {
    let server = try TestServer(deciding: { _, _ in .response(.text("no", status: 401)) })
    let client = try server.connect()
    client.send(post("/", "Content-Length: 1000"))
    _ = try await client.response()
    for _ in 0..<2 {
      server.advance(by: .seconds(15) - .milliseconds(1))
      #expect(server.server.connectionCount == 1)
      try await send(1, client, server)
    }
    server.advance(by: .milliseconds(502))
    #expect(server.server.connectionCount == 0)
    server.close()
  }
}
