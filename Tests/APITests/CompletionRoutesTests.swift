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

/// `POST /v1/completions` in process.
@Reactor
@Suite(.bounded)
struct CompletionRoutesTests {
  private nonisolated static let path = "/v1/completions"
  private nonisolated static let session = "00000000-0000-4000-8000-000000000001"
  private nonisolated static let lines =
    [CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("hm"), CLILine.blockStop]
    + [CLILine.textStart, CLILine.text("Hel"), CLILine.text("lo"), CLILine.messageDelta("end_turn")]
    + [CLILine.result("Hello")]

  private static func add(_ services: RouteServices, _ router: inout Router) {
    CompletionRoutes(
      turns: services.turns, runner: services.runner, conversations: services.conversations, clock: RouteHarness.clock
    ).add(to: &router)
  }

  private nonisolated static let head =
    #"{"id":"cmpl-00000000-0000-4000-8000-000000000002","object":"text_completion","created":1795235530,"#
    + #""model":"claude-code","system_fingerprint":"fp_claude_code","choices":["#

  private nonisolated static let usage =
    #""usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"#
    + #""prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}"#

  @Test("a completion is one JSON document with the answer's text only")
  func whole() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, #"{"prompt":"hi","max_tokens":7}"#)
    #expect(response.status == 200)
    #expect(
      response.fields("content-type", "x-session-id", "x-claude-warning") == ["application/json", Self.session, nil])
    #expect(
      response.text
        == Self.head + #"{"text":"Hello","index":0,"logprobs":null,"finish_reason":"stop"}],"# + Self.usage + "\n")
    await harness.end()
  }

  @Test("a streamed completion is server-sent events up to [DONE]")
  func streamed() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(
      Self.path, #"{"prompt":["hi"],"stream":true,"stream_options":{"include_usage":true}}"#)
    #expect(response.status == 200)
    #expect(response.fields("content-type") == ["text/event-stream; charset=utf-8"])
    func chunk(_ text: String, _ reason: String) -> String {
      Self.head + #"{"text":"\#(text)","index":0,"logprobs":null,"finish_reason":\#(reason)}],"usage":null}"#
    }
    #expect(
      response.events == [
        chunk("Hel", "null"), chunk("lo", "null"), chunk("", #""stop""#), Self.head + "]," + Self.usage, "[DONE]",
      ])
    await harness.end()
  }

  @Test("the text ends before a stop sequence")
  func stop() async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, #"{"prompt":"hi","stop":"ll"}"#)
    #expect(try response.json()["choices"]?.array?.first?["text"] == "He")
    #expect(try response.json()["choices"]?.array?.first?["finish_reason"] == "stop")
    await harness.end()
  }

  @Test(
    "a bad request is refused with the field at fault, and nothing is started",
    arguments: [
      ("{}", "400 prompt -"), (#"{"prompt":[1]}"#, "400 prompt -"), (#"{"prompt":["a","b"]}"#, "400 prompt -"),
      (#"{"prompt":"x","model":"gpt-4o"}"#, "404 model model_not_found"),
      (#"{"prompt":"x","echo":true}"#, "400 echo unsupported_parameter"),
      (#"{"prompt":"x","permission-mode":"ask"}"#, "400 permission-mode -"),
      (#"{"prompt":"permission-mode=ask\n\nx"}"#, "400 permission-mode -"), ("[]", "400 - -"),
    ])
  func refused(body: String, expected: String) async throws {
    let harness = try RouteHarness(printing: Self.lines, routes: Self.add)
    let response = try await harness.post(Self.path, body)
    #expect(try response.errorSummary() == expected)
    #expect(harness.executor.processStatistics.spawned == 0)
    await harness.end()
  }

  @Test("an upstream error keeps its status", arguments: [true, false])
  func upstreamError(isStreamed: Bool) async throws {
    let result = CLILine.result("Overloaded", isError: true, more: #","api_error_status":529"#)
    let harness = try RouteHarness(printing: [CLILine.initLine, result], routes: Self.add)
    let response = try await harness.post(Self.path, #"{"prompt":"hi","stream":\#(isStreamed)}"#)
    #expect(try response.errorSummary() == "503 - overloaded")
    await harness.end()
  }

  @Test("a policy may write the session into the text", arguments: [true, false])
  func sessionInContent(isStreamed: Bool) async throws {
    let policy = TurnPolicy(writesSessionIntoContent: true)
    let harness = try RouteHarness(printing: Self.lines, policy: policy, routes: Self.add)
    let response = try await harness.post(Self.path, #"{"prompt":"hi","stream":\#(isStreamed)}"#)
    let text =
      isStreamed
      ? try response.events.dropLast().compactMap {
        try JSONValue(parsing: $0)["choices"]?.array?.first?["text"]?.string
      }.joined() : try response.json()["choices"]?.array?.first?["text"]?.string
    #expect(text == "session-id=\(Self.session)\n\nHello")
    await harness.end()
  }

  @Test("the next prompt continues a session by its id")
  func continued() async throws {
    let harness = try RouteHarness(pool: .keeping, routes: Self.add)
    let first = try await harness.post(Self.path, #"{"prompt":"one\nsimulate: recall"}"#)
    await until { harness.executor.processStatistics.idle == 1 }
    let session = try #require(first["x-session-id"])
    let second = try await harness.post(
      Self.path, ["x-session-id: \(session)"], #"{"prompt":"two\nsimulate: recall"}"#)
    #expect(try second.json()["choices"]?.array?.first?["text"] == "one | two")
    #expect(harness.executor.processStatistics.spawned == 1)
    await harness.end()
  }
}
