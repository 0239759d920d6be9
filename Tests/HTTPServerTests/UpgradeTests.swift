import Bytes
import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

/// Connections that another protocol takes over: here one that echoes.
@Reactor
@Suite(.bounded)
struct UpgradeTests {
  /// Echoes what it gets; `quit` ends it.
  @Reactor
  private final class Echo: UpgradeHandler {
    private(set) var connection: UpgradedConnection?
    private(set) var received = ""
    private(set) var events: [String] = []
    private let echoes: Bool

    nonisolated init(echoes: Bool = true) { self.echoes = echoes }

    func start(_ connection: UpgradedConnection) {
      self.connection = connection
      events.append("start")
    }

    func didReceive(_ bytes: Span<UInt8>) {
      received += String(decoding: bytes.bytes(in: 0..<bytes.count), as: UTF8.self)
      let copy = bytes.bytes(in: 0..<bytes.count)
      if echoes { connection?.write { $0.append(copy) } }
      if received.hasSuffix("quit") { connection?.finish() }
    }

    func didDrain() { events.append("drain") }

    func serverWillStop() {
      events.append("stop")
      connection?.write { $0.append("bye") }
      connection?.finish()
    }

    func didClose() { events.append("close") }
  }

  private let echo = Echo()

  private func server(_ limits: ServerLimits = ServerLimits()) throws -> TestServer {
    let echo = self.echo
    return try TestServer(limits: limits, responder: { _, _ in .ready(.upgrade(to: "echo", echo)) })
  }

  private static let request = get("/", "Connection: Upgrade", "Upgrade: echo")
  private static let switched =
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n"

  @Test("the protocol gets what came with the request and what comes later, and what it writes is sent")
  func echoes() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(Self.request + "early ")
    try await server.settle()
    client.send("late")
    try await server.settle()
    #expect(echo.received == "early late")
    #expect(client.text == Self.switched + "early late")
    #expect(server.server.connectionCount == 1 && server.server.activeRequests == 0)
    #expect(server.summaries == [RequestSummary(status: .switchingProtocols, bytes: 0, isComplete: true)])
    client.close()
    try await server.settle()
    #expect(echo.events == ["start", "close"] && server.server.connectionCount == 0)
    server.close()
  }

  @Test("no time limit of HTTP applies")
  func noDeadline() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(Self.request)
    try await server.settle()
    server.advance(by: .seconds(100_000))
    client.send("x")
    try await server.settle()
    #expect(client.text.hasSuffix("\r\n\r\nx"))
    server.close()
  }

  @Test("the protocol ends its connection when the client has everything")
  func finish() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(Self.request + "quit")
    try await server.settle()
    #expect(client.text == Self.switched + "quit" && client.hasEnded)
    #expect(echo.events == ["start"])
    client.close()
    try await server.settle()
    #expect(server.server.connectionCount == 0)
    server.close()
  }

  @Test("a server that stops lets the protocol end in its own way")
  func stop() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(Self.request)
    try await server.settle()
    server.server.stopListening()
    try await server.settle()
    #expect(echo.events == ["start", "stop"])
    #expect(client.text == Self.switched + "bye" && client.hasEnded)
    server.close()
  }

  @Test("a request that did not ask for it gets 426")
  func notAsked() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(get("/"))
    try await server.settle()
    #expect(client.text.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
    #expect(client.text.contains("\r\nupgrade: echo\r\n"))
    #expect(echo.events == ["close"])
    server.close()
  }

  @Test("reading pauses and resumes")
  func pause() async throws {
    let server = try server()
    let client = try server.connect()
    client.send(Self.request)
    try await server.settle()
    echo.connection?.pauseReading()
    client.send("held")
    try await server.settle()
    #expect(echo.received.isEmpty)
    echo.connection?.resumeReading()
    try await server.settle()
    #expect(echo.received == "held")
    echo.connection?.abort()
    try await server.settle()
    #expect(echo.events == ["start", "close"] && server.server.connectionCount == 0)
    server.close()
  }
}
