import Bytes
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Storage
import TestSupport
import Testing

@testable import App
@testable import ClaudeCode

/// The whole application in process. Each test runs on the router alone and over a socket, with the same result.
@Reactor
@Suite(.bounded)
struct ApplicationTests {
  private nonisolated static let chat = "/v1/chat/completions"

  private nonisolated static func ask(_ prompt: String, stream: Bool = false, _ fields: [String] = []) -> TestRequest {
    .post(chat, fields, #"{"stream":\#(stream),"messages":[{"role":"user","content":"\#(prompt)"}]}"#)
  }

  private func text(_ response: TestResponse) throws -> String? {
    try JSONValue(parsing: response.body)["choices"]?.array?.first?["message"]?["content"]?.string
  }

  // MARK: One request

  @Test("a chat completion goes through middleware, route and CLI", arguments: Transport.allCases)
  func completion(transport: Transport) async throws {
    let harness = try ApplicationHarness(transport)
    let response = try await harness.send(Self.ask("simulate: tokens=2", ["x-request-id: req_mine"]))
    #expect(response.status == 200)
    #expect(try text(response) == "w0 w1 ")
    #expect(response["x-request-id"] == "req_mine")
    #expect(response["x-content-type-options"] == "nosniff")
    #expect(response["x-session-id"]?.count == 36)
    await until { harness.log.all.contains { $0.contains(#""msg":"request""#) } }
    let line = try #require(harness.log.all.first { $0.contains(#""msg":"request""#) })
    let logged = try JSONValue(parsing: line)
    #expect(logged["request"] == "req_mine" && logged["path"] == .string(Self.chat))
    #expect(logged["status"] == 200 && logged["complete"] == true)
    #expect(logged["bytes"] == JSONValue(response.body.count))
    await harness.end()
  }

  @Test("a streamed completion arrives whole", arguments: Transport.allCases)
  func stream(transport: Transport) async throws {
    let harness = try ApplicationHarness(transport)
    let response = try await harness.send(Self.ask("simulate: tokens=50", stream: true))
    #expect(response.status == 200)
    #expect(response["content-type"] == "text/event-stream; charset=utf-8")
    let events = response.text.split(separator: "\n\n").map { $0.dropFirst("data: ".count) }
    #expect(events.last == "[DONE]")
    let pieces = try events.dropLast().compactMap {
      try JSONValue(parsing: String($0))["choices"]?.array?.first?["delta"]?["content"]?.string
    }
    #expect(pieces.joined() == (0..<50).map { "w\($0) " }.joined())
    await harness.end()
  }

  // MARK: Middleware

  @Test("unknown paths, wrong methods and foreign hosts are refused", arguments: Transport.allCases)
  func refused(transport: Transport) async throws {
    let harness = try ApplicationHarness(transport)
    let unknown = try await harness.send(.get("/v1/nothing"))
    #expect(unknown.status == 404 && unknown.text.contains(#""code":"unknown_url""#))
    let wrong = try await harness.send(.get(Self.chat))
    #expect(wrong.status == 405 && wrong["allow"] == "OPTIONS, POST")
    let browser = try await harness.send(.get("/v1/models", ["origin: https://evil.example"]))
    #expect(browser.status == 403)
    await harness.end()
  }

  @Test("with keys, only requests with a key are served; probes need none", arguments: Transport.allCases)
  func keys(transport: Transport) async throws {
    let harness = try ApplicationHarness(transport, ["API_KEYS": "sk-one,sk-two"])
    let none = try await harness.send(.get("/v1/models"))
    #expect(none.status == 401 && none["www-authenticate"] == "Bearer")
    #expect(try await harness.send(.get("/v1/models", ["authorization: Bearer sk-three"])).status == 401)
    #expect(try await harness.send(.get("/v1/models", ["authorization: Bearer sk-one"])).status == 200)
    #expect(try await harness.send(.get("/v1/models", ["x-api-key: sk-two"])).status == 200)
    #expect(try await harness.send(.get("/health/live")).status == 200)
    #expect(try await harness.send(.get("/health")).status == 401)
    await harness.end()
  }

  @Test("sessions of one key do not exist for another", arguments: Transport.allCases)
  func isolation(transport: Transport) async throws {
    let harness = try ApplicationHarness(transport, ["API_KEYS": "sk-one,sk-two"])
    let response = try await harness.send(Self.ask("simulate: tokens=1", ["x-api-key: sk-one"]))
    let session = try #require(response["x-session-id"])
    #expect(try await harness.send(.get("/v1/sessions/\(session)", ["x-api-key: sk-one"])).status == 200)
    #expect(try await harness.send(.get("/v1/sessions/\(session)", ["x-api-key: sk-two"])).status == 404)
    #expect(
      try await harness.send(Self.ask("x", ["x-api-key: sk-two", "x-session-id: \(session)"])).status == 404)
    await harness.end()
  }

  // MARK: Settings

  @Test("settings take effect", arguments: Transport.allCases)
  func settings(transport: Transport) async throws {
    let harness = try ApplicationHarness(
      transport, ["PERMISSION_CEILING": "plan", "SESSION_IN_CONTENT": "true"])
    let refused = try await harness.send(
      .post("/api/claude", #"{"prompt":"x","permission-mode":"acceptEdits"}"#))
    #expect(refused.status == 403 && refused.text.contains(#""code":"permission_ceiling""#))
    let response = try await harness.send(Self.ask("simulate: tokens=1"))
    #expect(try text(response)?.hasPrefix("session-id=\(response["x-session-id"] ?? "")\n") == true)
    await harness.end()
  }

  @Test("a missing CLI is reported by health and by each turn", arguments: Transport.allCases)
  func missingCLI(transport: Transport) async throws {
    let harness = try ApplicationHarness(transport, cli: { "\($0.path)/none" })
    #expect(try await harness.send(.get("/health/ready")).status == 503)
    let response = try await harness.send(Self.ask("hi"))
    #expect(response.status == 503 && response["retry-after"] == "60")
    #expect(response.text.contains(#""code":"claude_cli_not_found""#))
    await harness.end()
  }

  // MARK: Start and end

  @Test("a session outlives a restart with its store", arguments: Transport.allCases)
  func restart(transport: Transport) async throws {
    let directory = TemporaryDirectory()
    let path = "\(directory.path)/sessions.jsonl"
    let first = try ApplicationHarness(transport, in: directory, store: FileStore(path: path))
    let answer = try await first.send(Self.ask("one\\nsimulate: recall"))
    let session = try #require(answer["x-session-id"])
    await first.end()
    let second = try ApplicationHarness(transport, in: directory, store: FileStore(path: path))
    #expect(try await second.application.load().sessions == 1)
    let next = try await second.send(Self.ask("two\\nsimulate: recall", ["x-session-id: \(session)"]))
    #expect(try text(next) == "one | two")
    #expect(next["x-session-id"] == session)
    await second.end()
  }

  @Test("a shutdown ends running turns, rejects new ones, and leaves no process")
  func shutdown() async throws {
    let harness = try ApplicationHarness(.router)
    let running = Task.onLoop { try? await harness.send(Self.ask("simulate: hang")).status }
    await until { harness.application.executor.activeRuns == 1 }
    await harness.application.shutDown(grace: .zero)
    #expect(await running.value == 503)
    #expect(harness.application.executor.liveProcesses == 0)
    #expect(try await harness.send(Self.ask("simulate: tokens=1")).status == 503)
    #expect(try await harness.send(.get("/health/ready")).status == 503)
    #expect(try await harness.send(.get("/health/live")).status == 200)
  }

  @Test("sessions that cannot be written degrade the health, and are logged as lost at the shutdown")
  func lostSessions() async throws {
    let directory = TemporaryDirectory()
    directory.write("", to: "file")
    let store = FileStore(path: "\(directory.path)/file/sessions.jsonl")
    let harness = try ApplicationHarness(.router, ["STATE_PATH": directory.path], in: directory, store: store)
    #expect(try JSONValue(parsing: try await harness.send(.get("/health")).body)["status"] == "healthy")
    _ = try await harness.send(Self.ask("simulate: tokens=1"))
    await until { store.failure != nil }
    let health = try JSONValue(parsing: try await harness.send(.get("/health")).body)
    #expect(health["status"] == "degraded")
    #expect(health["checks"]?["state"]?["message"] == "Sessions cannot be written; they are kept in memory")
    #expect(health["checks"]?["state"]?["details"]?["error"]?.string?.contains("Not a directory") == true)
    await harness.end()
    #expect(harness.log.all.contains { $0.contains("sessions are lost") })
  }
}
