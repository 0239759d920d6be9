import Bytes
import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// Routes that read their bodies piece by piece.
@Reactor
@Suite(.bounded)
struct RequestBodyStreamTests {
  /// Collects a body; a test pauses it.
  @Reactor
  private final class Collector: RequestBodyReader {
    private(set) var pieces: [String] = []
    private(set) var ending = ""
    private var waiting: CheckedContinuation<Void, Never>?
    var stream: RequestBodyStream?
    /// Pauses after each piece.
    var pausesEach = false

    nonisolated init() {}

    var text: String { pieces.joined() }

    func bodyDidReceive(_ bytes: Span<UInt8>) {
      pieces.append(String(decoding: bytes.bytes(in: 0..<bytes.count), as: UTF8.self))
      if pausesEach { stream?.pause() }
    }

    func bodyDidEnd() { end("complete") }

    func bodyDidFail(_ error: HTTPError) { end(error.code ?? "\(error.status.rawValue)") }

    private func end(_ ending: String) {
      self.ending = ending
      waiting?.resume()
      waiting = nil
    }

    func wait() async {
      await withCheckedContinuation { continuation in
        if ending.isEmpty { waiting = continuation } else { continuation.resume() }
      }
    }
  }

  private let collector = Collector()
  private let limits: ServerLimits = {
    var limits = ServerLimits()
    limits.http.body = 100
    limits.pipelinedBytes = 64
    return limits
  }()

  /// - Parameter starts: whether the route reads the body at once.
  private func server(limit: Int = 1000, starts: Bool = true) throws -> TestServer {
    var router = Router()
    router.on("PUT", "/f", streaming: limit) { [collector] _, stream, _, _ in
      collector.stream = stream
      if starts { stream.start(collector) }
      await collector.wait()
      return .text("\(collector.ending) \(collector.text.utf8.count)")
    }
    return try TestServer(limits: limits, deciding: router.admit)
  }

  private static func put(_ count: Int, _ fields: String = "") -> String {
    "PUT /f HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\(fields)\r\n"
  }

  private func text(_ count: Int) -> String { String(repeating: "x", count: count) }

  @Test("a body longer than the server holds is read as it comes, and holds nothing of the budget")
  func pieces() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(Self.put(300) + text(150))
    try await server.settle()
    #expect(collector.text == text(150) && server.server.bodies.used == 0)
    client.send(text(150))
    try await server.settle()
    #expect(client.text.hasSuffix("complete 300"))
    server.close()
  }

  @Test("the limit of the route holds, declared and chunked", arguments: [-1, 0, 1])
  func limit(over: Int) async throws {
    let server = try server(limit: 200)
    let declared = try server.connect()
    declared.send(Self.put(200 + over) + text(200 + over))
    try await server.settle()
    #expect(declared.text.hasPrefix(over > 0 ? "HTTP/1.1 413 " : "HTTP/1.1 200 "))
    let chunked = try server.connect()
    chunked.send("PUT /f HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunked.send("64\r\n\(text(100))\r\n\(String(100 + over, radix: 16))\r\n\(text(100 + over))\r\n0\r\n\r\n")
    try await server.settle()
    #expect(chunked.text.hasPrefix(over > 0 ? "HTTP/1.1 413 " : "HTTP/1.1 200 "))
    server.close()
  }

  @Test("a reader that pauses slows the client down")
  func backPressure() async throws {
    collector.pausesEach = true
    let server = try server(limit: 10_000_000)
    let client = try server.connect()
    client.send(Self.put(2_000_000) + text(1_000_000))
    try await server.settle()
    let first = collector.text.utf8.count
    #expect(first > 0 && first <= 128 * 1024)
    #expect(!client.hasSentAll)
    collector.pausesEach = false
    collector.stream?.resume()
    await until { client.hasSentAll }
    client.send(text(1_000_000))
    await until { collector.ending == "complete" }
    #expect(collector.text.utf8.count == 2_000_000)
    server.close()
  }

  @Test("a client that expects 100 is asked when the route begins to read")
  func expectation() async throws {
    let server = try server(starts: false)
    let client = try server.connect()
    client.send(Self.put(3, "Expect: 100-continue\r\n"))
    try await server.settle()
    #expect(client.text.isEmpty)
    collector.stream?.start(collector)
    try await server.settle()
    #expect(client.text == "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("abc")
    try await server.settle()
    #expect(client.text.hasSuffix("complete 3"))
    server.close()
  }

  @Test("a request without a body has a complete one")
  func empty() async throws {
    let server = try server(starts: false)
    let client = try server.connect()
    client.send("PUT /f HTTP/1.1\r\nHost: x\r\n\r\n")
    try await server.settle()
    collector.stream?.start(collector)
    try await server.settle()
    #expect(client.text.hasSuffix("complete 0"))
    server.close()
  }

  @Test("a client that leaves, and one that is too slow, are told apart from a complete body")
  func failures() async throws {
    let leaving = try server()
    let client = try leaving.connect()
    client.send(Self.put(10) + "abc")
    try await leaving.settle()
    client.close()
    try await leaving.settle()
    #expect(collector.ending == "client_left" && leaving.contexts.first?.cancellation.isCancelled == true)
    leaving.close()
    let other = RequestBodyStreamTests()
    let slow = try other.server()
    let silent = try slow.connect()
    silent.send(Self.put(10) + "abc")
    try await slow.settle()
    slow.advance(by: .seconds(31))
    try await slow.settle()
    #expect(silent.text.hasPrefix("HTTP/1.1 408 "))
    #expect(!other.collector.ending.isEmpty && other.collector.ending != "complete")
    slow.close()
  }

  @Test("a route may respond before the body is read; the connection serves the next request")
  func earlyResponse() async throws {
    var router = Router()
    router.on("PUT", "/f", streaming: 1000) { _, _, _, _ in .text("no", status: .forbidden) }
    router.on("GET", "/g", atOnce: { _, _, _ in .text("yes") })
    let server = try TestServer(limits: limits, deciding: router.admit)
    let client = try server.connect()
    client.send(Self.put(20) + text(5))
    try await server.settle()
    client.send(text(15) + get("/g"))
    try await server.settle()
    #expect(client.text.hasPrefix("HTTP/1.1 403 ") && client.text.hasSuffix("yes"))
    server.close()
  }
}
