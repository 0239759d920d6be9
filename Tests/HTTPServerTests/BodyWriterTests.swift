import Bytes
import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

@Reactor
@Suite(.bounded)
struct BodyWriterTests {
  @Test("what is written comes out in order, chunk by chunk, and reads as one body")
  func chunks() async throws {
    let (server, client, body, _) = try await streaming()
    for number in 0..<50 {
      body.write("event \(number);")
      if number % 7 == 0 { try await server.settle() }
    }
    body.finish()
    let response = try await client.response()
    #expect(response.text == (0..<50).map { "event \($0);" }.joined())
    #expect(response["transfer-encoding"] == "chunked")
    #expect(response["content-length"] == nil)
    #expect(body.events == [.started])
    server.close()
  }

  @Test("what one turn writes goes out as one chunk, in exactly these bytes")
  func oneChunkPerTurn() async throws {
    let (server, client, body, _) = try await streaming()
    let head = client.received.count
    Loop.main.onNextTurn {
      for part in ["one ", "two ", "three"] { body.write(part) }
      body.finish()
    }
    _ = try await client.response()
    let bytes = String(decoding: client.received[head...], as: UTF8.self)
    #expect(bytes == "0000000d\r\none two three\r\n0\r\n\r\n")
    server.close()
  }

  @Test("writing nothing does not end the body")
  func emptyWrites() async throws {
    let (server, client, body, _) = try await streaming()
    body.write("")
    try await server.settle()
    body.write("a")
    body.write("")
    try await server.settle()
    body.write("")
    body.finish()
    #expect(try await client.response().text == "a")
    #expect(server.summaries.map(\.isComplete) == [true])
    server.close()
  }

  @Test("an empty body is a body")
  func emptyBody() async throws {
    let (server, client, body, _) = try await streaming()
    body.finish()
    #expect(try await client.response().body == [])
    #expect(server.summaries == [RequestSummary(status: 200, bytes: 0, isComplete: true)])
    server.close()
  }

  @Test("a writer whose body has ended writes no more, not into the next answer either")
  func afterTheEnd() async throws {
    let (server, client, body, bodies) = try await streaming()
    body.write("first")
    body.finish()
    body.write("late")
    body.finish()
    client.send(get("/next"))
    await until { bodies.made.last?.events == [.started] && bodies.made.count == 2 }
    let next = try #require(bodies.made.last)
    body.writer?.abort()
    body.write("latest")
    next.write("second")
    next.finish()
    #expect(try await client.responses(2).map(\.text) == ["first", "second"])
    #expect(server.summaries.map(\.isComplete) == [true, true])
    server.close()
  }

  @Test("an aborted body is cut, so that the client knows that it is not whole")
  func aborting() async throws {
    let (server, client, body, _) = try await streaming()
    body.write("part")
    body.writer?.abort()
    let text = await client.toTheEnd()
    #expect(text.hasSuffix("\r\n\r\n00000004\r\npart\r\n"))
    #expect(server.summaries.map(\.isComplete) == [false])
    #expect(server.server.connectionCount == 0)
    server.close()
  }

  @Test("a body that ends in its start is whole")
  func immediateBody() async throws {
    let server = try TestServer { _, _ in .eventStream(ImmediateBody()) }
    let client = try server.connect()
    client.send(get("/") + get("/"))
    #expect(try await client.responses(2).map(\.text) == ["at once", "at once"])
    server.close()
  }

  @Test("a source that writes faster than the client reads is told, and told again when it may go on")
  func backPressure() async throws {
    let (server, client, body, _) = try await streaming()
    client.isReading = false
    let block = String(repeating: "b", count: 64 * 1024)
    var written = 0
    await until {
      guard let writer = body.writer, !writer.isCongested else { return true }
      body.write(block)
      written += block.utf8.count
      return false
    }
    // The kernel holds some of it; ours is more than the high-water mark by one block at most.
    for _ in 0..<3 { try await server.settle() }
    #expect(body.writer?.isCongested == true)
    #expect(body.events == [.started])
    client.isReading = true
    await until { body.events.count == 2 }
    #expect(body.events == [.started, .drained])
    #expect(body.writer?.isCongested == false)
    body.finish()
    #expect(try await client.response().body.count == written)
    server.close()
  }

  @Test("a source that saw congestion within one turn is told to go on though the kernel took everything")
  func congestionWithinOneTurn() async throws {
    var limits = ServerLimits()
    limits.outputHighWater = 1000
    limits.outputLowWater = 100
    let (server, client, body, _) = try await streaming(limits)
    let wasCongested = await withCheckedContinuation { continuation in
      Loop.main.onNextTurn {
        body.write(String(repeating: "b", count: 1100))
        continuation.resume(returning: body.writer?.isCongested)
      }
    }
    #expect(wasCongested == true)
    await until { body.events == [.started, .drained] }
    body.finish()
    #expect(try await client.response().body.count == 1100)
    server.close()
  }

  @Test("unsent bytes up to the high-water mark are no congestion", arguments: [-1, 0, 1])
  func highWater(excess: Int) async throws {
    var limits = ServerLimits()
    limits.outputHighWater = 1000
    let (server, client, body, _) = try await streaming(limits)
    let isCongested = await withCheckedContinuation { continuation in
      Loop.main.onNextTurn {
        // The chunk's head of ten bytes is unsent too.
        body.write(String(repeating: "b", count: 990 + excess))
        continuation.resume(returning: body.writer?.isCongested)
      }
    }
    #expect(isCongested == (excess > 0))
    body.finish()
    _ = try await client.response()
    server.close()
  }

  /// A client that has asked for a stream and got its head.
  private func streaming(
    _ limits: ServerLimits = ServerLimits()
  ) async throws -> (TestServer, TestClient, RecordingBody, Bodies) {
    let bodies = Bodies()
    let server = try TestServer(limits: limits) { _, _ in .eventStream(bodies.make()) }
    let client = try server.connect()
    client.send(get("/"))
    await until { bodies.made.first?.events == [.started] && client.text.hasSuffix("\r\n\r\n") }
    return (server, client, try #require(bodies.made.first), bodies)
  }

  @Reactor
  private final class Bodies {
    private(set) var made: [RecordingBody] = []

    func make() -> RecordingBody {
      made.append(RecordingBody())
      return made[made.count - 1]
    }
  }

  private final class ImmediateBody: StreamingBody {
    func start(_ writer: BodyWriter) {
      writer.write { $0.append("at once") }
      writer.finish()
    }
    func clientDidLeave() { Issue.record("nobody left") }
  }
}
