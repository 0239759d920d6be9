import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import Turns
import TurnsTestSupport

@testable import API
@testable import ClaudeCode

/// `POST /v1/chat/completions` in process.
@Reactor
@Suite(.bounded)
struct ChatCompletionRoutesTests {
  private nonisolated static let path = "/v1/chat/completions"
  private nonisolated static let session = "00000000-0000-4000-8000-000000000001"
  private nonisolated static let body = #"{"model":"claude-code","messages":[{"role":"user","content":"hi"}]}"#
  private nonisolated static let lines = CLILine.message("m", "Hel", "lo") + [CLILine.result("Hello")]

  private static func add(_ services: RouteServices, _ router: inout Router) {
    ChatCompletionRoutes(
      turns: services.turns, runner: services.runner, conversations: services.conversations, clock: RouteHarness.clock
    ).add(to: &router)
  }

  @Test("a completion is one JSON document, with the session in a header")
  func whole() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, Self.body)
    #expect(response.status == 200)
    #expect(
      response.fields("content-type", "x-session-id", "x-request-id", "x-claude-warning")
        == ["application/json", Self.session, "req_1", nil])
    #expect(
      response.text
        == #"{"id":"chatcmpl-00000000-0000-4000-8000-000000000002","object":"chat.completion","created":1795235530,"#
        + #""model":"claude-code","system_fingerprint":"fp_claude_code","choices":[{"index":0,"#
        + #""message":{"role":"assistant","content":"Hello","refusal":null},"logprobs":null,"#
        + #""finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"#
        + #""prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}"# + "\n")
    await harness.end()
  }

  @Test("a streamed completion is server-sent events up to [DONE]")
  func streamed() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(
      Self.path, #"{"stream":true,"messages":[{"role":"user","content":"hi"}]}"#)
    #expect(response.status == 200)
    #expect(
      response.fields("content-type", "cache-control", "x-session-id")
        == ["text/event-stream; charset=utf-8", "no-cache, no-transform", Self.session])
    let head =
      #"{"id":"chatcmpl-00000000-0000-4000-8000-000000000002","object":"chat.completion.chunk","#
      + #""created":1795235530,"model":"claude-code","system_fingerprint":"fp_claude_code","choices":[{"index":0,"#
    let rest = #","logprobs":null,"finish_reason":null}]}"#
    #expect(
      response.events == [
        head + #""delta":{"role":"assistant","content":""}"# + rest, head + #""delta":{"content":"Hel"}"# + rest,
        head + #""delta":{"content":"lo"}"# + rest,
        head + #""delta":{},"logprobs":null,"finish_reason":"stop"}]}"#, "[DONE]",
      ])
    await harness.end()
  }

  @Test(
    "a bad request is refused with the field at fault, and nothing is started",
    arguments: [
      ("", "400 - -"), ("[]", "400 - -"), (#"{"messages":[]}"#, "400 messages -"), ("{", "400 - invalid_json"),
      (#"{"messages":[{"role":"robot","content":"x"}]}"#, "400 messages[0].role -"),
      (#"{"messages":[{"role":"user","content":"hi"}],"model":"gpt-4o"}"#, "404 model model_not_found"),
      (#"{"messages":[{"role":"user","content":"hi"}],"n":2}"#, "400 n unsupported_parameter"),
      (#"{"messages":[{"role":"user","content":"hi"}],"workspace":"../x"}"#, "400 workspace -"),
      (#"{"messages":[{"role":"user","content":"workspace=../x\n\nhi"}]}"#, "400 workspace -"),
      (
        #"{"messages":[{"role":"user","content":"hi"}],"session-id":"11111111-2222-4333-8444-555555555555"}"#,
        "404 session-id session_not_found"
      ),
    ])
  func refused(body: String, expected: String) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, body)
    #expect(try response.errorSummary() == expected)
    #expect(harness.executor.processStatistics.spawned == 0)
    await harness.end()
  }

  @Test("an upstream error keeps its status and forbids a retry", arguments: [true, false])
  func upstreamError(isStreamed: Bool) async throws {
    let result = CLILine.result("Too many requests", isError: true, more: #","api_error_status":429"#)
    let harness = try RouteHarness(printing: [CLILine.initLine, result], routes: Self.add)
    let response = try await harness.post(
      Self.path, #"{"stream":\#(isStreamed),"messages":[{"role":"user","content":"hi"}]}"#)
    #expect(response.status == 429)
    #expect(
      response.fields("retry-after", "x-should-retry", "x-session-id") == ["30", "false", Self.session])
    #expect(
      response.text
        == #"{"error":{"message":"Too many requests","type":"rate_limit_error","param":null,"#
        + #""code":"rate_limit_exceeded"}}"# + "\n")
    await harness.end()
  }

  @Test("the next message of a conversation continues its session")
  func continued() async throws {
    let harness = try RouteHarness(pool: .keeping, routes: Self.add)
    let first = try await harness.post(
      Self.path, #"{"messages":[{"role":"user","content":"one\nsimulate: recall"}]}"#)
    let answer = try first.answer()
    #expect(answer == "one")
    await until { harness.executor.processStatistics.idle == 1 }
    let second = try await harness.post(
      Self.path,
      #"{"messages":[{"role":"user","content":"one\nsimulate: recall"},{"role":"assistant","content":"\#(answer)"},"#
        + #"{"role":"user","content":"two\nsimulate: recall"}]}"#)
    #expect(try second.answer() == "one | two")
    #expect(second["x-session-id"] == first["x-session-id"])
    #expect(harness.executor.processStatistics.spawned == 1)
    await harness.end()
  }

  @Test("a function call parks the run, and its result resumes it")
  func functionCall() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let tools = #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#
    let user = #"{"role":"user","content":"simulate: call=f tool-input={\"a\":1} tokens=1"}"#
    let first = try await harness.post(Self.path, #"{\#(tools),"messages":[\#(user)]}"#)
    let choice = try #require(try first.json()["choices"]?.array?.first)
    #expect(choice["finish_reason"] == "tool_calls")
    let call = try #require(choice["message"]?["tool_calls"]?.array?.first)
    #expect(call["function"] == ["name": "f", "arguments": #"{"a":1}"#])
    let id = try #require(call["id"]?.string)
    #expect(harness.executor.parkedRuns == 1)

    let result = #"{"role":"tool","tool_call_id":"\#(id)","content":"42"}"#
    let assistant = #"{"role":"assistant","content":null,"tool_calls":[\#(call.text)]}"#
    let second = try await harness.post(Self.path, #"{\#(tools),"messages":[\#(user),\#(assistant),\#(result)]}"#)
    #expect(try second.json()["choices"]?.array?.first?["finish_reason"] == "stop")
    #expect(second["x-session-id"] == first["x-session-id"])
    #expect(harness.executor.processStatistics.spawned == 1)
    await harness.end()
  }

  @Test("a retried request gets the answer of the first one", arguments: [true, false])
  func retried(isStreamed: Bool) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let body = #"{"stream":\#(isStreamed),"messages":[{"role":"user","content":"hi"}]}"#
    let first = try await harness.post(Self.path, ["idempotency-key: k"], body)
    let second = try await harness.post(Self.path, ["idempotency-key: k"], body)
    #expect(second.status == 200)
    #expect(second["x-session-id"] == first["x-session-id"])
    #expect(try second.answer() == first.answer())
    #expect(harness.executor.processStatistics.spawned == 1)
    let other = try await harness.post(Self.path, ["idempotency-key: k"], Self.body)
    #expect(try other.errorSummary() == "422 idempotency-key idempotency_key_reused")
    await harness.end()
  }

  @Test("the run ends when its client leaves the stream")
  func left() async throws {
    let harness = try RouteHarness(routes: Self.add)
    let exchange = try await harness.begin(
      .post(
        Self.path,
        #"{"stream":true,"messages":[{"role":"user","content":"simulate: tokens=100000 gap=20"}]}"#))
    #expect(exchange.text.contains(#""content":"w0 ""#))
    #expect(harness.executor.activeRuns == 1)
    exchange.leave()
    #expect(harness.executor.activeRuns == 0)
    await harness.end()
  }

  @Test("a policy may write the session into the answer's text")
  func sessionInContent() async throws {
    let policy = TurnPolicy(writesSessionIntoContent: true)
    let harness = try RouteHarness(printing: Self.lines, policy: policy, routes: Self.add)
    let response = try await harness.post(Self.path, Self.body)
    #expect(try response.answer() == "session-id=\(Self.session)\n\nHello")
    await harness.end()
  }
}
