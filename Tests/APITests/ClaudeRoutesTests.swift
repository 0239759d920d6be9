import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode

/// `POST /api/claude` in process.
@Reactor
@Suite(.bounded)
struct ClaudeRoutesTests {
  private nonisolated static let session = "00000000-0000-4000-8000-000000000001"
  private nonisolated static let lines =
    [CLILine.initLine] + CLILine.message("m", "Hel", "lo") + [CLILine.result("Hello")]

  private static func add(_ services: RouteServices, _ router: inout Router) {
    ClaudeRoutes(turns: services.turns, runner: services.runner).add(to: &router)
  }

  @Test("the stream has the CLI's lines unchanged, and partial messages only on request", arguments: [true, false])
  func lines(isPartial: Bool) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(
      "/api/claude", #"{"prompt":"hi","include-partial-messages":\#(isPartial)}"#)
    #expect(response.status == 200)
    #expect(
      response.fields("content-type", "x-session-id") == ["text/event-stream; charset=utf-8", Self.session])
    let expected = isPartial ? Self.lines : Self.lines.filter { !$0.contains(#""type":"stream_event""#) }
    #expect(response.text == expected.map { "data: \($0)\n\n" }.joined())
    await harness.end()
  }

  @Test("a named session is resumed, by field or by header", arguments: [true, false])
  func resumed(isField: Bool) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let id = "aaaaaaaa-2222-4333-8444-555555555555"
    harness.sessions.begin(id, for: "me", TurnOptions())
    let response = try await harness.post(
      "/api/claude", isField ? [] : ["x-session-id: \(id)"],
      isField ? #"{"prompt":"hi","session-id":"\#(id)"}"# : #"{"prompt":"hi"}"#)
    #expect(response.status == 200)
    #expect(response["x-session-id"] == id)
    await harness.end()
  }

  @Test(
    "a bad request is refused, and nothing is started",
    arguments: [
      ("{}", "400 prompt -"), (#"{"prompt":" "}"#, "400 prompt -"), ("nonsense", "400 - invalid_json"),
      (#"{"prompt":"x","max-turns":0}"#, "400 max-turns -"),
      (#"{"prompt":"x","model":"gpt-4o"}"#, "404 model model_not_found"),
      (#"{"prompt":"x","permission-mode":"ask"}"#, "400 permission-mode -"),
      (#"{"prompt":"x","session-id":"bbbbbbbb-2222-4333-8444-555555555555"}"#, "404 session-id session_not_found"),
    ])
  func refused(body: String, expected: String) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    #expect(try await harness.post("/api/claude", body).errorSummary() == expected)
    #expect(harness.executor.processStatistics.spawned == 0)
    await harness.end()
  }

  @Test("a failure without output is an HTTP error; after output it is the stream's last line")
  func failures() async throws {
    let failure = CLILine.result("Overloaded", isError: true, more: #","api_error_status":529"#)
    let early = try RouteHarness(printing: [failure], routes: Self.add)
    let response = try await early.post("/api/claude", #"{"prompt":"hi"}"#)
    #expect(try response.errorSummary() == "503 - overloaded")
    #expect(response["retry-after"] == "30")
    await early.end()
    let late = try RouteHarness(printing: [CLILine.initLine], routes: Self.add)
    let lost = try await late.post("/api/claude", #"{"prompt":"hi"}"#)
    #expect(lost.status == 200)
    #expect(lost.events.count == 2 && lost.events.first == CLILine.initLine)
    #expect(lost.events.last?.hasPrefix(#"{"type":"result","subtype":"error","is_error":true,"result":""#) == true)
    await late.end()
  }
}
