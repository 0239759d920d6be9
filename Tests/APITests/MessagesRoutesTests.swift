import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode

/// `POST /v1/messages` and `/v1/messages/count_tokens` in process.
@Reactor
@Suite(.bounded)
struct MessagesRoutesTests {
  private nonisolated static let path = "/v1/messages"
  private nonisolated static let session = "00000000-0000-4000-8000-000000000001"
  private nonisolated static let lines = CLILine.message("m", "Hel", "lo") + [CLILine.result("Hello")]

  private static func add(_ services: RouteServices, _ router: inout Router) {
    MessagesRoutes(turns: services.turns, runner: services.runner, conversations: services.conversations)
      .add(to: &router)
  }

  private nonisolated static func body(_ fields: String = "", prompt: String = "hi") -> String {
    #"{"model":"claude-code","max_tokens":100,"messages":[{"role":"user","content":"\#(prompt)"}]\#(fields)}"#
  }

  @Test("a message is one JSON document, with the session in a header")
  func whole() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, Self.body())
    #expect(response.status == 200)
    #expect(
      response.fields("content-type", "x-session-id", "request-id")
        == ["application/json", Self.session, "req_1"])
    #expect(
      response.text
        == #"{"id":"msg_00000000-0000-4000-8000-000000000003","type":"message","role":"assistant","#
        + #""model":"claude-code","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","#
        + #""stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"#
        + #""cache_read_input_tokens":0,"output_tokens":0}}"# + "\n")
    await harness.end()
  }

  @Test("a streamed message has Anthropic's events in their order")
  func streamed() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, Self.body(#","stream":true"#))
    #expect(response.status == 200)
    #expect(response["content-type"] == "text/event-stream; charset=utf-8")
    let names = response.text.split(separator: "\n").filter { $0.hasPrefix("event: ") }.map { $0.dropFirst(7) }
    #expect(
      names == [
        "message_start", "ping", "content_block_start", "content_block_delta", "content_block_delta",
        "content_block_stop", "message_delta", "message_stop",
      ])
    #expect(
      response.events[3...4] == [
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}"#,
      ])
    await harness.end()
  }

  @Test(
    "a bad request is refused in Anthropic's form, and nothing is started",
    arguments: [
      ("{}", 400, "invalid_request_error"), ("nonsense", 400, "invalid_request_error"),
      (#"{"max_tokens":1,"messages":[]}"#, 400, "invalid_request_error"),
      (#"{"model":"gpt-4o","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#, 404, "not_found_error"),
      (#"{"max_tokens":0,"messages":[{"role":"user","content":"x"}]}"#, 400, "invalid_request_error"),
    ])
  func refused(body: String, status: Int, type: String) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, body)
    #expect(response.status == status)
    let document = try response.json()
    #expect(document["type"] == "error" && document["request_id"] == "req_1")
    #expect(document["error"]?["type"] == .string(type))
    #expect(document["error"]?["message"]?.string?.isEmpty == false)
    #expect(harness.executor.processStatistics.spawned == 0)
    await harness.end()
  }

  @Test("an overloaded upstream is Anthropic's overloaded_error")
  func overloaded() async throws {
    let result = CLILine.result("Overloaded", isError: true, more: #","api_error_status":529"#)
    let harness = try RouteHarness(printing: [CLILine.initLine, result], routes: Self.add)
    let response = try await harness.post(Self.path, Self.body())
    #expect(response.status == 503)
    #expect(response.fields("retry-after", "x-should-retry") == ["30", "false"])
    #expect(
      response.text
        == #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded","#
        + #""details":{"error_code":"overloaded"}},"request_id":"req_1"}"# + "\n")
    await harness.end()
  }

  @Test("a tool call parks the run, and its result resumes it")
  func toolUse() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let tools = #""max_tokens":100,"tools":[{"name":"f","input_schema":{"type":"object"}}]"#
    let user = #"{"role":"user","content":"simulate: call=f tool-input={\"a\":1} tokens=1"}"#
    let first = try await harness.post(Self.path, #"{\#(tools),"messages":[\#(user)]}"#)
    let message = try first.json()
    #expect(message["stop_reason"] == "tool_use")
    let call = try #require(message["content"]?.array?.last)
    #expect(call["name"] == "f" && call["input"] == ["a": 1])
    let id = try #require(call["id"]?.string)
    #expect(harness.executor.parkedRuns == 1)

    let content = try #require(message["content"]).text
    let result = #"{"type":"tool_result","tool_use_id":"\#(id)","content":"42"}"#
    let second = try await harness.post(
      Self.path,
      #"{\#(tools),"messages":[\#(user),{"role":"assistant","content":\#(content)},{"role":"user","content":[\#(result)]}]}"#
    )
    #expect(try second.json()["stop_reason"] == "end_turn")
    #expect(second["x-session-id"] == first["x-session-id"])
    #expect(harness.executor.processStatistics.spawned == 1)
    await harness.end()
  }

  @Test("tokens are estimated without a turn")
  func count() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let short = try await harness.post("\(Self.path)/count_tokens", Self.body())
    #expect(short.status == 200)
    #expect(short["x-claude-warning"] == "estimate")
    let tokens = try #require(try short.json()["input_tokens"]?.count)
    #expect(try short.json().object?.keys == ["input_tokens"])
    let long = try await harness.post(
      "\(Self.path)/count_tokens", Self.body(prompt: String(repeating: "word ", count: 100)))
    #expect(try #require(try long.json()["input_tokens"]?.count) > tokens)
    #expect(try await harness.post("\(Self.path)/count_tokens", "{}").status == 400)
    #expect(harness.executor.processStatistics.spawned == 0)
    await harness.end()
  }
}
