import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

@Reactor
@Suite(.bounded)
struct BodyBudgetTests {
  private func outcome(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "held"
    } catch let error as HTTPError {
      return "\(error.status.rawValue) \(error.code ?? "-") \(error.headers.map(\.value))"
    } catch {
      return "\(error)"
    }
  }

  private static let refusal = #"503 overloaded ["1"]"#

  // MARK: Shares

  @Test("how many bytes of bodies there may be, in all and of one account")
  func limits() async throws {
    let total = ServerLimits().bodiesInFlight
    let all = try await LimitTable.row("bytes of bodies", total) { offset in
      let budget = BodyBudget(total: total)
      try budget.take(total / 2, for: "a")
      return outcome { try budget.take(total / 2 + offset, for: nil) }
    }
    #expect(all == ["held", "held", Self.refusal])
    let own = try await LimitTable.row("bytes of bodies of one account", total / 2) { offset in
      let budget = BodyBudget(total: total)
      try budget.take(100, for: "a")
      return outcome { try budget.take(total / 2 - 100 + offset, for: "a") }
    }
    #expect(own == ["held", "held", Self.refusal])
  }

  @Test("what is refused is not taken, and what is given back can be taken by another")
  func givingBack() throws {
    let budget = BodyBudget(total: 100)
    let (first, second) = (BodyShare(budget, account: "a"), BodyShare(budget, account: "b"))
    try first.grow(by: 20)
    try first.grow(by: 30)
    #expect(outcome { try first.grow(by: 1) } == Self.refusal)
    try second.grow(by: 50)
    #expect(outcome { try BodyShare(budget, account: nil).grow(by: 1) } == Self.refusal)
    #expect(budget.used == 100)
    first.release()
    first.release()
    #expect(budget.used == 50)
    try BodyShare(budget, account: "a").grow(by: 50)
    #expect(budget.used == 100)
  }

  // MARK: Connections

  /// The account is a field of the request; `/slow` takes the body and is held up by the gate.
  private func server(_ gate: Gate = Gate(), onTake: @escaping @Reactor (RequestBody) -> Void = { _ in }) throws
    -> TestServer
  {
    var limits = ServerLimits()
    limits.bodiesInFlight = 200_000
    return try TestServer(limits: limits) { head, context in
      context.account = head.fields["x-account"]
      return .route(
        MatchedRoute(body: .bytes) { request, _ in
          guard request.head.path == "/slow" else { return .ready(.text("\(request.body.count)")) }
          return .pending {
            let bytes = request.body.take()
            onTake(request.body)
            await gate.opened()
            return .text("\(bytes.count)")
          }
        })
    }
  }

  private func begin(_ server: TestServer, _ size: Int, _ fields: String = "a: b") async throws -> TestClient {
    let client = try server.connect()
    client.send(post("/", "Content-Length: 150000", fields))
    client.send([UInt8](repeating: 0x61, count: size))
    await until { client.hasSentAll }
    try await server.settle()
    return client
  }

  @Test("a body that makes too many is refused as it comes; the others go on", arguments: [-1, 0, 1])
  func overBudget(excess: Int) async throws {
    let server = try server()
    let first = try await begin(server, 100_000)
    let second = try await begin(server, 100_000 + excess)
    if excess > 0 {
      _ = await second.toTheEnd()
      let refusal = try await second.response()
      #expect(refusal.status == 503)
      #expect(refusal["retry-after"] == "1")
      #expect(refusal["connection"] == "close")
      #expect(refusal.text.contains(#""code":"overloaded""#))
      #expect(server.server.bodies.used == 100_000)
    } else {
      #expect(second.text == "")
      #expect(server.server.bodies.used == 200_000 + excess)
      second.close()
    }
    await until { server.server.bodies.used == 100_000 }
    first.send([UInt8](repeating: 0x61, count: 50_000))
    #expect(try await first.response().text == "150000")
    #expect(server.server.bodies.used == 0)
    server.close()
  }

  @Test("one account holds half and no more, whatever the others hold")
  func account() async throws {
    let server = try server()
    let first = try await begin(server, 60_000, "x-account: a")
    let second = try await begin(server, 40_001, "x-account: a")
    #expect(await second.toTheEnd().hasPrefix("HTTP/1.1 503 "))
    let other = try await begin(server, 100_000, "x-account: b")
    #expect(other.text == "")
    #expect(server.server.bodies.used == 160_000)
    for client in [first, other] { client.close() }
    await until { server.server.connectionCount == 0 || server.server.bodies.used == 0 }
    #expect(server.server.bodies.used == 0)
    server.close()
  }

  @Test("a body counts until its handler has answered, also when the client is gone", arguments: [true, false])
  func lifetime(stays: Bool) async throws {
    let gate = Gate()
    var taken: RequestBody?
    let server = try server(gate) { taken = $0 }
    let client = try server.connect()
    client.send(post("/slow", "Content-Length: 5") + "12345")
    await until { taken != nil }
    if !stays {
      client.close()
      await until { server.server.connectionCount == 0 }
    }
    #expect(server.server.bodies.used == 5)
    gate.open()
    if stays { #expect(try await client.response().text == "5") }
    await until { server.server.bodies.used == 0 }
    #expect(server.server.bodies.used == 0)
    server.close()
  }

  @Test("a body that does not come whole is given back", arguments: ["leaves", "is late", "breaks"])
  func givenBack(manner: String) async throws {
    let server = try server()
    let client = try server.connect()
    client.send(post("/", "Transfer-Encoding: chunked") + "5\r\n12345")
    await until { server.server.bodies.used == 5 }
    switch manner {
    case "leaves": client.close()
    case "is late": server.advance(by: .seconds(31))
    default: client.send("no line end\n")
    }
    await until { server.server.bodies.used == 0 }
    #expect(server.server.bodies.used == 0)
    #expect(server.summaries.map(\.status) == [manner == "leaves" ? nil : manner == "is late" ? 408 : 400])
    server.close()
  }

  @Test("a large body comes whole through what is reserved for it", arguments: [-1, 0, 1, 100_000])
  func large(excess: Int) async throws {
    let server = try TestServer(responder: { request, _ in
      .ready(HTTPResponse(head: HTTPResponseHead(.ok), body: .bytes(request.body.take())))
    })
    let size = 1024 * 1024 + excess
    let body = Array(
      String(repeating: "no two neighbouring reads of these have the same bytes ", count: 21_000).utf8.prefix(size))
    let client = try server.connect()
    client.send(post("/", "Content-Length: \(size)"))
    client.send(body)
    #expect(try await client.response().body == body)
    client.send(post("/", "Transfer-Encoding: chunked") + String(size, radix: 16) + "\r\n")
    client.send(body + Array("\r\n0\r\n\r\n".utf8))
    #expect(try await client.responses(2).last?.body == body)
    server.close()
  }
}
