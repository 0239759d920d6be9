import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import Turns

/// `/v1/runs` in process.
@Reactor
@Suite(.bounded)
struct RunRoutesTests {
  private let harness: RouteHarness
  private let agents: Agents

  init() throws {
    var made: Agents?
    harness = try RouteHarness(turns: TurnGate.Limits(running: 1)) { services, router in
      made = Agents(
        turns: services.turns, runner: services.runner, store: services.runs, clock: RouteHarness.clock)
      RunRoutes(runner: services.runner, store: services.runs).add(to: &router)
    }
    agents = try #require(made)
  }

  /// Starts an agent whose turn does not end by itself.
  private func hang(_ requestID: String, for principal: Principal = .me) async throws -> RunJournal {
    let request = try ClaudeRequest(object(#"{"prompt":"simulate: hang"}"#))
    return try await agents.start(
      request, request.journaled, sessionID: nil, for: .of(principal, requestID: requestID)
    ).agent.journal
  }

  @Test("a run is listed while it is under way and after its end, to its principal only")
  func list() async throws {
    let empty = #"{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}"# + "\n"
    #expect(try await harness.get("/v1/runs").summary == "200 \(empty)")
    let journal = try await hang("req_a")
    let listed = try #require(harness.runner.listed(for: .me).first)
    let run = try #require(listed.runID)
    #expect(
      try await harness.get("/v1/runs").text
        == #"{"object":"list","data":[{"id":"req_a","object":"run","run_id":"\#(run)","surface":"agent","#
        + #""status":"running","session_id":"\#(try #require(listed.sessionID))","created_at":1795235530,"#
        + #""belongs_to":"\#(journal.id)"}],"first_id":"\#(run)","last_id":"\#(run)","has_more":false}"# + "\n")
    #expect(try await harness.send(.get("/v1/runs"), as: .you).text == empty)
    #expect(try await harness.send(.get("/v1/runs"), as: .admin).text == empty)
    harness.runner.cancel(journal)
    await until { harness.executor.activeRuns == 0 }
    let ended = try #require(try await harness.get("/v1/runs").json()["data"]?.array)
    #expect(ended.count == 1)
    #expect(ended[0]["status"] == "stopped" && ended[0]["run_id"] == .null)
    #expect(ended[0]["belongs_to"] == .string(journal.id))
    await harness.end()
  }

  @Test("a run is cancelled by its request, by its own id, or by its agent", arguments: ["request", "run", "agent"])
  func cancelled(way: String) async throws {
    let journal = try await hang("req_a")
    let run = try #require(harness.runner.listed(for: .me).first?.runID)
    let id = way == "request" ? "req_a" : way == "run" ? run : journal.id
    let path = "/v1/runs/\(id)"
    let foreign = try await harness.send(TestRequest("DELETE", path), as: .you)
    #expect(try foreign.errorSummary() == "404 - run_not_found")
    #expect(harness.executor.activeRuns == 1)
    let response = try await harness.send(TestRequest("DELETE", path))
    #expect(response.summary == #"200 {"id":"\#(id)","object":"run","cancelled":true}"# + "\n")
    await until { harness.executor.activeRuns == 0 }
    #expect(journal.state.name == "stopped")
    #expect(try await harness.send(TestRequest("DELETE", path)).errorSummary() == "404 - run_not_found")
    await harness.end()
  }

  @Test(
    "invalid pages are rejected",
    arguments: [
      ("limit=0", "400 limit -"), ("limit=101", "400 limit -"), ("order=x", "400 order -"),
      ("after=nothing", "400 after -"),
    ])
  func badPages(query: String, expected: String) async throws {
    #expect(try await harness.get("/v1/runs?\(query)").errorSummary() == expected)
    await harness.end()
  }
}
