import Bytes
import Testing

/// Clients that send their request heads byte by byte and never end them.
@Suite(.beside, .server(["LOG_LEVEL": "info"]))
struct SlowHeadTests {
  private static let slowClients = 100

  @Test("beside 100 unfinished heads requests are served, and the heads get 408 at their deadline")
  func slowHeads() async throws {
    let server = try ServerUnderTest.ofSuite
    let slow = try (0..<Self.slowClients).map { _ in try RawConnection(port: server.port) }
    defer { for connection in slow { connection.close() } }
    for byte in "GET /" {
      for connection in slow { connection.send(String(byte)) }
      #expect(try await server.send(.get("/health/live")).status == 200)
    }
    #expect(!server.log.contains { $0.contains("request refused") })
    try await server.logLines(Self.slowClients, "request refused")
    for connection in slow {
      let answer = connection.receive()
      #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
      #expect(answer.contains("\r\nconnection: close\r\n"))
      #expect(answer.contains("the request head did not arrive in time"))
    }
    #expect(try await server.send(.get("/health/live")).status == 200)
  }
}
