import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import Turns

/// `/agent` in process.
@Reactor
@Suite(.bounded)
struct AgentRoutesTests {
  private nonisolated static let lines =
    [CLILine.initLine] + CLILine.message("m", "Hel", "lo") + [CLILine.result("Hello")]

  private static func add(_ services: RouteServices, _ router: inout Router) {
    AgentRoutes(
      agents: Agents(
        turns: services.turns, runner: services.runner, store: services.runs, clock: RouteHarness.clock),
      runner: services.runner
    ).add(to: &router)
  }

  /// Starts an agent.
  ///
  /// - Returns: its id.
  private func start(_ harness: RouteHarness, _ body: String) async throws -> String {
    let response = try await harness.post("/agent/start", body)
    try #require(response.status == 200, "\(response.text)")
    return try #require(try response.json()["agent_id"]?.string)
  }

  private func ended(_ harness: RouteHarness, _ id: String) async throws -> RunJournal {
    let journal = try #require(harness.runs.journal(id))
    await until { journal.isOver }
    return journal
  }

  @Test("an agent starts, is listed, shows its result, and is found by its principal only")
  func life() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post("/agent/start", #"{"prompt":"hi"}"#)
    let document = try response.json()
    #expect(document.object?.keys == ["agent_id", "pid", "status"] && document["status"] == "started")
    let id = try #require(document["agent_id"]?.string)
    #expect(response.fields("x-agent-id", "x-session-id") == [id, harness.runs.journal(id)?.sessionID])
    let journal = try await ended(harness, id)
    let shown = try await harness.get("/agent/\(id)").json()
    #expect(shown["status"] == "completed" && shown["result"] == "Hello" && shown["turns"] == 1)
    #expect(shown["approvals"] == [] && shown["session_id"] == JSONValue(journal.sessionID))
    #expect(shown["created_at"] == "2026-11-21T04:32:10.007Z")
    let list = try await harness.get("/agent").json()
    #expect(list["data"]?.array?.map { $0["agent_id"] } == [.string(id)] && list["has_more"] == false)
    for path in ["/agent/\(id)", "/agent/\(id)/events"] {
      let foreign = try await harness.send(.get(path), as: .you)
      #expect(
        foreign.summary
          == #"404 {"detail":"Agent \#(id) not found","error":{"message":"Agent \#(id) not found","#
          + #""type":"invalid_request_error","param":null,"code":"agent_not_found"}}"# + "\n")
    }
    #expect(try await harness.send(.get("/agent"), as: .you).json()["data"] == [])
    await harness.end()
  }

  @Test("events are numbered, and replay from any of them")
  func events() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let id = try await start(harness, #"{"prompt":"hi"}"#)
    _ = try await ended(harness, id)
    // Partial messages have numbers and are left out.
    let whole = Self.lines.enumerated().filter { !$0.element.contains(#""type":"stream_event""#) }
    #expect(whole.count == 3)
    func frames(after number: Int) -> String {
      whole.filter { $0.offset + 1 > number }.map { "id: \($0.offset + 1)\ndata: \($0.element)\n\n" }.joined()
        + "event: complete\ndata: {}\n\n"
    }
    #expect(try await harness.get("/agent/\(id)/events").text == frames(after: 0))
    #expect(try await harness.get("/agent/\(id)/events?after=1").text == frames(after: 1))
    #expect(
      try await harness.get("/agent/\(id)/events", ["last-event-id: \(Self.lines.count)"]).text
        == frames(after: Self.lines.count))
    let partial = try await harness.get("/agent/\(id)/events?partial=true").text
    #expect(partial.split(separator: "\n").filter { $0.hasPrefix("id: ") }.count == Self.lines.count)
    #expect(try await harness.get("/agent/\(id)/events?after=x").errorSummary() == "400 after -")
    await harness.end()
  }

  @Test(
    "a streamed agent ends with its client unless it works in the background",
    arguments: [
      ("", "stopped"), (#","background":false"#, "stopped"), (#","background":true"#, "running"),
    ])
  func leaving(more: String, status: String) async throws {
    let harness = try RouteHarness(routes: Self.add)
    let exchange = try await harness.begin(.post("/agent/stream", #"{"prompt":"simulate: tokens=1 hang"\#(more)}"#))
    let id = try #require(exchange.head["x-agent-id"])
    exchange.leave()
    #expect(try await harness.get("/agent/\(id)").json()["status"] == .string(status))
    await harness.end()
  }

  @Test("the value of background is checked")
  func badBackground() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let response = try await harness.post("/agent/stream", #"{"prompt":"hi","background":"yes"}"#)
    #expect(try response.errorSummary() == "400 background -")
    await harness.end()
  }

  @Test("a stopped agent's process ends, in the middle of a turn or between turns", arguments: ["hang", "tokens=1"])
  func stoppedProcess(directive: String) async throws {
    let harness = try RouteHarness(pool: .keeping, routes: Self.add)
    let id = try await start(harness, #"{"prompt":"simulate: \#(directive)"}"#)
    if directive != "hang" {
      _ = try await ended(harness, id)
      await until { harness.executor.processStatistics.idle == 1 }
    }
    _ = try await harness.send(TestRequest("POST", "/agent/stop/\(id)"))
    #expect(harness.executor.processStatistics.idle == 0)
    await until { harness.executor.liveProcesses == 0 }
    await harness.end()
  }

  @Test("an agent may be streamed from its start, and outlives the stream")
  func stream() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let exchange = try await harness.begin(
      .post("/agent/stream", #"{"prompt":"simulate: tokens=1 hang","background":true}"#))
    let id = try #require(exchange.head["x-agent-id"])
    #expect(exchange.head["content-type"] == "text/event-stream; charset=utf-8")
    #expect(exchange.text.hasPrefix("data: {") && !exchange.text.contains("id: "))
    exchange.leave()
    #expect(harness.executor.activeRuns == 1)
    #expect(try await harness.get("/agent/\(id)").json()["status"] == "running")
    let stopped = try await harness.send(TestRequest("POST", "/agent/stop/\(id)"))
    #expect(stopped.summary == #"200 {"status":"stopped","agent_id":"\#(id)"}"# + "\n")
    #expect(try await ended(harness, id).state.name == "stopped")
    await harness.end()
  }

  @Test("an agent takes another prompt, in the same session")
  func input() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let id = try await start(harness, #"{"prompt":"one\nsimulate: recall"}"#)
    _ = try await ended(harness, id)
    let response = try await harness.post("/agent/\(id)/input", #"{"prompt":"two\nsimulate: recall"}"#)
    #expect(response.status == 202)
    #expect(try response.json()["status"] == "queued")
    _ = try await ended(harness, id)
    let shown = try await harness.get("/agent/\(id)").json()
    #expect(shown["turns"] == 2 && shown["result"] == "one | two")
    #expect(try await harness.post("/agent/\(id)/input", "{}").errorSummary() == "400 prompt -")
    #expect(try await harness.post("/agent/nobody/input", #"{"prompt":"x"}"#).status == 404)
    await harness.end()
  }

  @Test("a permission request waits for an approval, which counts once")
  func approval() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let id = try await start(harness, #"{"prompt":"simulate: ask=Bash tokens=1","permission-mode":"ask"}"#)
    let journal = try #require(harness.runs.journal(id))
    await until { journal.state == .parked }
    let shown = try await harness.get("/agent/\(id)").json()
    #expect(shown["status"] == "parked")
    let question = try #require(shown["approvals"]?.array?.first)
    #expect(question["tool_name"] == "Bash")
    let request = try #require(question["request_id"]?.string)
    let path = "/agent/\(id)/approvals/\(request)"
    #expect(try await harness.post(path, #"{"decision":"perhaps"}"#).errorSummary() == "400 decision -")
    #expect(try await harness.post("/agent/\(id)/approvals/other", #"{"decision":"allow"}"#).status == 404)
    let answered = try await harness.post(path, #"{"decision":"allow"}"#)
    #expect(answered.status == 200)
    _ = try await ended(harness, id)
    #expect(journal.state.name == "completed")
    #expect(try await harness.post(path, #"{"decision":"allow"}"#).errorSummary() == "404 - approval_not_found")
    await harness.end()
  }

  @Test(
    "a bad start is refused, and nothing is started",
    arguments: [
      ("{}", "400 prompt -"), ("x", "400 - invalid_json"),
      (#"{"prompt":"x","model":"gpt-4o"}"#, "404 model model_not_found"),
      (#"{"prompt":"x","session-id":"bbbbbbbb-2222-4333-8444-555555555555"}"#, "404 session-id session_not_found"),
    ])
  func refused(body: String, expected: String) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    for path in ["/agent/start", "/agent/stream"] {
      let response = try await harness.post(path, body)
      #expect(try response.errorSummary() == expected)
      #expect(try response.json()["detail"] == response.json()["error"]?["message"])
    }
    #expect(harness.executor.processStatistics.spawned == 0)
    #expect(harness.runs.count == 0)
    await harness.end()
  }
}
