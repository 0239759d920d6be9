import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

@Reactor
@Suite(.bounded)
struct StallTests {
  private static let flood = String(repeating: "x", count: 8 * 1024 * 1024)

  /// A stream whose client has stopped reading in the middle of it.
  private func stalled(_ limits: ServerLimits = ServerLimits()) async throws -> (TestServer, TestClient, RecordingBody)
  {
    let body = RecordingBody()
    let test = try TestServer(limits: limits) { _, _ in .eventStream(body) }
    let client = try test.connect()
    client.isReading = false
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await until { body.events == [.started] }
    body.write(Self.flood)
    try await test.settle()
    return (test, client, body)
  }

  @Test("a client that takes nothing for the time of a stall is given up, and not before")
  func stall() async throws {
    let (test, client, body) = try await stalled()
    test.advance(by: .milliseconds(59_500))
    #expect(body.events == [.started])
    #expect(test.server.connectionCount == 1)
    test.advance(by: .milliseconds(1000))
    #expect(body.events == [.started, .clientLeft])
    #expect(test.summaries.map(\.isComplete) == [false])
    #expect(test.server.connectionCount == 0)
    client.close()
    test.close()
  }

  @Test("a client that takes its time, but takes, is kept")
  func slow() async throws {
    let (test, client, body) = try await stalled()
    for _ in 0..<3 {
      test.advance(by: .milliseconds(59_000))
      let before = client.received.count
      client.isReading = true
      await until { client.received.count > before }
      client.isReading = false
      try await test.settle()
    }
    #expect(body.events.first == .started && !body.events.contains(.clientLeft))
    client.isReading = true
    body.finish()
    await until { client.text.hasSuffix("0\r\n\r\n") }
    client.close()
    test.close()
  }

  @Test("a stream with nothing to say is no stall")
  func silence() async throws {
    let body = RecordingBody()
    let test = try TestServer { _, _ in .eventStream(body) }
    let client = try test.connect()
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await until { body.events == [.started] }
    body.write("data: 1\n\n")
    await until { client.text.contains("data: 1") }
    test.advance(by: .seconds(3600))
    #expect(body.events == [.started])
    client.close()
    test.close()
  }
}
