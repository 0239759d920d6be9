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

/// `/v1/responses` in process.
@Reactor
@Suite(.bounded)
struct ResponsesRoutesTests {
  private nonisolated static let path = "/v1/responses"
  private nonisolated static let lines = CLILine.message("m", "Hel", "lo") + [CLILine.result("Hello")]

  private static func add(_ services: RouteServices, _ router: inout Router) {
    ResponsesRoutes(
      turns: services.turns, runner: services.runner, conversations: services.conversations, store: services.runs,
      clock: RouteHarness.clock
    ).add(to: &router)
  }

  private func text(_ response: TestResponse) throws -> String? {
    try response.json()["output"]?.array?.last?["content"]?.array?.first?["text"]?.string
  }

  @Test("a response is one JSON document, and is stored")
  func whole() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let created = try await harness.post(Self.path, #"{"model":"claude-code","input":"hi"}"#)
    #expect(created.status == 200)
    #expect(created["content-type"] == "application/json")
    #expect(created["x-session-id"] == "00000000-0000-4000-8000-000000000002")
    let document = try created.json()
    let id = "resp_00000000-0000-4000-8000-000000000001"
    #expect(document["id"] == .string(id) && document["object"] == "response")
    #expect(document["created_at"] == 1_795_235_530 && document["status"] == "completed")
    #expect(document["error"] == .null && document["incomplete_details"] == .null)
    #expect(try text(created) == "Hello")
    #expect(try await harness.get("\(Self.path)/\(id)").text == created.text)
    await harness.end()
  }

  @Test("a streamed response has numbered events from created to completed, and replays from any of them")
  func streamed() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let created = try await harness.post(Self.path, #"{"stream":true,"input":"hi"}"#)
    #expect(created["content-type"] == "text/event-stream; charset=utf-8")
    let events = try created.events.map { try JSONValue(parsing: $0) }
    #expect(events.map { $0["sequence_number"] } == events.indices.map { JSONValue($0) })
    #expect(events.first?["type"] == "response.created" && events.last?["type"] == "response.completed")
    #expect(
      events.filter { $0["type"] == "response.output_text.delta" }.map { $0["delta"] } == ["Hel", "lo"])
    let id = try #require(events.last?["response"]?["id"]?.string)
    let again = try await harness.get("\(Self.path)/\(id)?stream=true&starting_after=3")
    #expect(again.events == Array(created.events[4...]))
    #expect(
      try await harness.get("\(Self.path)/\(id)?stream=true&starting_after=x").errorSummary()
        == "400 starting_after -")
    await harness.end()
  }

  @Test("a response continues from the previous one in its session")
  func continued() async throws {
    let harness = try RouteHarness(pool: .keeping, routes: Self.add)
    let first = try await harness.post(Self.path, #"{"input":"one\nsimulate: recall"}"#)
    let id = try #require(try first.json()["id"]?.string)
    await until { harness.executor.processStatistics.idle == 1 }
    let second = try await harness.post(
      Self.path, #"{"input":"two\nsimulate: recall","previous_response_id":"\#(id)"}"#)
    let recalled = try text(second)
    #expect(recalled == "one | two")
    #expect(try second.json()["previous_response_id"] == .string(id))
    #expect(second["x-session-id"] == first["x-session-id"])
    #expect(harness.executor.processStatistics.spawned == 1)
    let unknown = try await harness.post(Self.path, #"{"input":"x","previous_response_id":"resp_none"}"#)
    #expect(try unknown.errorSummary() == "400 previous_response_id previous_response_not_found")
    await harness.end()
  }

  @Test("a background response is there at once, and can be cancelled")
  func background() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let created = try await harness.post(Self.path, #"{"background":true,"input":"simulate: hang"}"#)
    #expect(created.status == 200)
    let status = try created.json()["status"]?.string
    #expect(status == "queued" || status == "in_progress")
    let id = try #require(try created.json()["id"]?.string)
    await until { harness.executor.activeRuns == 1 }
    #expect(try await harness.get("\(Self.path)/\(id)").json()["status"] == "in_progress")
    let early = try await harness.post(Self.path, #"{"input":"x","previous_response_id":"\#(id)"}"#)
    #expect(try early.errorSummary() == "400 previous_response_id previous_response_not_complete")
    _ = try await harness.send(TestRequest("POST", "\(Self.path)/\(id)/cancel"))
    await until { harness.executor.activeRuns == 0 }
    #expect(try await harness.get("\(Self.path)/\(id)").json()["status"] == "cancelled")
    await harness.end()
  }

  @Test("input items are listed, and a deleted response is gone")
  func itemsAndDeletion() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let created = try await harness.post(Self.path, #"{"input":"hi"}"#)
    let id = try #require(try created.json()["id"]?.string)
    let items = try await harness.get("\(Self.path)/\(id)/input_items").json()
    #expect(items["object"] == "list" && items["has_more"] == false)
    let item = try #require(items["data"]?.array?.first)
    #expect(item["role"] == "user" && item["content"]?.array?.first?["text"] == "hi")
    let deleted = try await harness.send(TestRequest("DELETE", "\(Self.path)/\(id)"))
    #expect(deleted.summary == #"200 {"id":"\#(id)","object":"response","deleted":true}"# + "\n")
    for request in requests(id) {
      #expect(try await harness.send(request).errorSummary() == "404 response_id response_not_found")
    }
    await harness.end()
  }

  /// Every request for one response.
  private func requests(_ id: String) -> [TestRequest] {
    [
      .get("\(Self.path)/\(id)"), .get("\(Self.path)/\(id)?stream=true"), .get("\(Self.path)/\(id)/input_items"),
      TestRequest("POST", "\(Self.path)/\(id)/cancel"), TestRequest("DELETE", "\(Self.path)/\(id)"),
    ]
  }

  @Test("another principal's response, and one that was not stored, do not exist")
  func isolation() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let stored = try await harness.post(Self.path, #"{"input":"hi"}"#)
    let id = try #require(try stored.json()["id"]?.string)
    for request in requests(id) {
      for principal in [Principal.you, .admin] {
        #expect(
          try await harness.send(request, as: principal).errorSummary() == "404 response_id response_not_found")
      }
    }
    #expect(try await harness.get("\(Self.path)/\(id)").status == 200)
    let passing = try await harness.post(Self.path, #"{"input":"hi","store":false}"#)
    #expect(try text(passing) == "Hello")
    let other = try #require(try passing.json()["id"]?.string)
    #expect(try await harness.get("\(Self.path)/\(other)").status == 404)
    await harness.end()
  }

  @Test(
    "a bad request is refused, and neither starts nor stores anything",
    arguments: [
      ("{}", "400 input -"), ("[]", "400 - -"), (#"{"input":[]}"#, "400 input -"),
      (#"{"input":"x","model":"gpt-4o"}"#, "404 model model_not_found"),
      (#"{"input":"x","background":true,"store":false}"#, "400 store -"),
    ])
  func refused(body: String, expected: String) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    #expect(try await harness.post(Self.path, body).errorSummary() == expected)
    #expect(harness.executor.processStatistics.spawned == 0)
    #expect(harness.runs.count == 0)
    await harness.end()
  }
}
