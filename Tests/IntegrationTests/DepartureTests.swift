import Bytes
import Glibc
import System
import TestSupport
import Testing

/// A client that leaves takes its CLI and everything below it along.
@Suite(.alone, .serialized)
struct DepartureTests {
  /// The forms of an answer.
  enum Form: CaseIterable {
    case chat, wholeChat, native

    func request(_ prompt: String) -> ClientRequest {
      switch self {
      case .chat: .chat(prompt, stream: true)
      case .wholeChat: .chat(prompt, stream: false)
      case .native: .native(prompt, ["include-partial-messages": true])
      }
    }
  }

  @Test("a client that leaves before the first byte ends the CLI and its tools", arguments: Form.allCases)
  func beforeTheFirstByte(form: Form) async throws {
    try await ServerUnderTest.run { server in
      let pipe = try PidPipe(in: server.directory)
      let transfer = server.start(form.request("simulate: grandchild pid-file=\(pipe.path) hang"))
      let grandchild = try #require(try await pipe.process())
      try await server.logLine("run started")
      try await expectGone(server, grandchild) { try await transfer.leave() }
    }
  }

  @Test("a client that leaves during the stream ends the CLI and its tools", arguments: [Form.chat, .native])
  func midStream(form: Form) async throws {
    try await ServerUnderTest.run { server in
      let pipe = try PidPipe(in: server.directory)
      let prompt = "simulate: grandchild pid-file=\(pipe.path) tokens=100000 gap=20"
      let transfer = server.start(form.request(prompt))
      let grandchild = try #require(try await pipe.process())
      try await transfer.until("w2 ")
      try await expectGone(server, grandchild) { try await transfer.leave() }
    }
  }

  @Test("a CLI that ignores SIGTERM is killed with all its descendants", arguments: Form.allCases)
  func stubborn(form: Form) async throws {
    try await ServerUnderTest.run { server in
      let pipe = try PidPipe(in: server.directory)
      let transfer = server.start(form.request("simulate: grandchild pid-file=\(pipe.path) hang-hard"))
      let grandchild = try #require(try await pipe.process())
      try await server.logLine("run started")
      try await expectGone(server, grandchild) { try await transfer.leave() }
    }
  }

  @Test("a client that leaves while a tool waits ends the CLI and its tools")
  func duringATool() async throws {
    try await ServerUnderTest.run { server in
      let pipe = try PidPipe(in: server.directory)
      let prompt = "simulate: grandchild pid-file=\(pipe.path) tool=Bash delay=60000"
      let transfer = server.start(.chat(prompt, stream: true))
      let grandchild = try #require(try await pipe.process())
      try await server.logLine("run started")
      try await expectGone(server, grandchild) { try await transfer.leave() }
    }
  }

  @Test("a reset connection counts as a client that left", arguments: [true, false])
  func reset(isStreamed: Bool) async throws {
    try await ServerUnderTest.run { server in
      let pipe = try PidPipe(in: server.directory)
      let connection = try RawConnection(port: server.port)
      connection.send(Self.rawRequest("simulate: grandchild pid-file=\(pipe.path) hang=2", isStreamed: isStreamed))
      let grandchild = try #require(try await pipe.process())
      try await server.logLine("run started")
      try await expectGone(server, grandchild) { connection.reset() }
    }
  }

  @Test("a client that closes only its sending half gets the whole response", arguments: [true, false])
  func halfClose(isStreamed: Bool) async throws {
    try await ServerUnderTest.run { server in
      let connection = try RawConnection(port: server.port)
      connection.send(Self.rawRequest("simulate: tokens=4 gap=50", isStreamed: isStreamed))
      connection.finishSending()
      let answer = connection.receive()
      connection.close()
      #expect(answer.contains("HTTP/1.1 200 OK"))
      #expect(answer.contains("w3 "))
      #expect(answer.contains(#""finish_reason":"stop""#))
    }
  }

  @Test("a client that leaves after its response leaves nothing behind", arguments: Form.allCases)
  func afterTheAnswer(form: Form) async throws {
    try await ServerUnderTest.run { server in
      let pipe = try PidPipe(in: server.directory)
      let answer = try await server.send(form.request("simulate: grandchild pid-file=\(pipe.path) tokens=2"))
      #expect(answer.status == 200)
      // Nil if it is gone already.
      let grandchildren = Set([try await pipe.process()].compactMap { $0 })
      #expect(try await grandchildren.gone(within: ServerUnderTest.teardownLimit))
      #expect(try await server.family.gone(within: ServerUnderTest.teardownLimit))
    }
  }

  // MARK: The server leaves

  @Test("SIGTERM ends streams with an error and all children, closes the port and exits with 0")
  func serverStops() async throws {
    try await ServerUnderTest.run(["SHUTDOWN_GRACE_MS": "200"]) { server in
      let pipe = try PidPipe(in: server.directory)
      let streamed = server.start(
        .chat("simulate: grandchild pid-file=\(pipe.path) tokens=100000 gap=20", stream: true))
      let whole = server.start(.chat("simulate: hang-hard", stream: false))
      let native = server.start(.native("simulate: tokens=100000 gap=20", ["include-partial-messages": true]))
      let grandchild = try #require(try await pipe.process())
      try await streamed.until("w2 ")
      try await native.until("w2 ")
      try await server.logLines(3, "run started")
      let family = server.family
      #expect(family.contains(grandchild))
      let start = ContinuousClock.now
      server.process.signal(SIGTERM)
      #expect(try await server.process.exit() == .exited(0))
      #expect(ContinuousClock.now - start < .milliseconds(200) + ServerUnderTest.teardownLimit)
      #expect(try await family.gone(within: .milliseconds(100)))
      let chat = try await streamed.answer().chat()
      #expect(chat.violations == [])
      #expect(chat.error != nil)
      #expect(try await whole.answer().error().status == 503)
      #expect(try await native.answer().lines().last?["is_error"] == true)
      #expect(throws: RawConnection.ConnectError.self) { try RawConnection(port: server.port) }
    }
  }

  @Test("a run that ends within the grace period completes, while new requests are rejected")
  func drain() async throws {
    try await ServerUnderTest.run(["SHUTDOWN_GRACE_MS": "20000"]) { server in
      let transfer = server.start(.chat("simulate: tokens=6 gap=100", stream: true))
      try await transfer.until("w0")
      server.process.signal(SIGTERM)
      try await server.logLine("shutting down")
      let chat = try await transfer.answer().chat()
      #expect(chat.violations == [])
      #expect(chat.content == "w0 w1 w2 w3 w4 w5 ")
      #expect(chat.finishReason == "stop")
      #expect(try await server.process.exit(within: .seconds(5)) == .exited(0))
      #expect(throws: RawConnection.ConnectError.self) { try RawConnection(port: server.port) }
    }
  }

  @Test("a second signal ends the server and its children at once")
  func impatient() async throws {
    let directory = try TemporaryDirectory.forServer()
    defer { directory.remove() }
    let server = try await ServerUnderTest(
      ["PROCESS_KILL_TIMEOUT_MS": "20000", "SHUTDOWN_GRACE_MS": "20000"], in: directory)
    let transfer = server.start(.chat("simulate: hang-hard", stream: false))
    try await server.logLine("run started")
    let family = server.family
    server.process.signal(SIGTERM)
    try await server.logLine("shutting down")
    server.process.signal(SIGINT)
    #expect(try await server.process.exit(within: .seconds(5)) == .exited(1))
    #expect(try await family.gone(within: .milliseconds(500)))
    _ = try await transfer.outcome()
  }

  // MARK: Helpers

  private func expectGone(
    _ server: ServerUnderTest, _ grandchild: ProcessIdentity, _ leave: () async throws -> Void
  ) async throws {
    let family = server.family
    #expect(family.count >= 2)
    #expect(family.contains(grandchild))
    let start = ContinuousClock.now
    try await leave()
    #expect(try await family.union(server.family).gone(within: ServerUnderTest.teardownLimit))
    #expect(ContinuousClock.now - start < ServerUnderTest.teardownLimit)
    try await server.logLine("complete=false")
    #expect(try await server.send(.get("/health")).json()["active_agents"] == 0)
  }

  private static func rawRequest(_ prompt: String, isStreamed: Bool) -> String {
    let body: JSONValue = ["messages": [.user(prompt)], "stream": .bool(isStreamed)]
    return """
      POST /v1/chat/completions HTTP/1.1\r
      Host: localhost\r
      Content-Type: application/json\r
      Content-Length: \(body.encoded.count)\r
      \r
      \(body.text)
      """
  }
}
