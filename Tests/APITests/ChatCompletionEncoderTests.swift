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

struct ChatCompletionEncoderTests {
  // MARK: Golden

  private static let recordings = [
    "cut-midstream", "error-event-midstream", "interrupt", "max-tokens", "refusal", "retry-429", "surrogates", "text",
    "thinking", "tool-allowed", "tool-denied", "tools-parallel",
  ]

  @Test("recorded turns match the golden streams", arguments: recordings)
  func golden(name: String) {
    #expect(ChatCompletionHarness().taking(name).text == Recording.golden("chat-\(name)"))
  }

  @Test("recorded turns with usage and a head match the golden streams")
  func goldenVariants() {
    #expect(
      ChatCompletionHarness(includesUsage: true).taking("thinking").text == Recording.golden("chat-thinking-usage"))
    let head = "session-id=11111111-2222-4333-8444-555555555555\n\n"
    var harness = ChatCompletionHarness(AnswerPlan(head: head))
    harness.take(Recording("samples/plain").lines)
    #expect(harness.text == Recording.golden("chat-plain-head"))
  }

  @Test(
    "a recorded failure becomes an HTTP status without a stream",
    arguments: [("error-401", 401), ("unknown-resume", 404)])
  func recordedFailures(name: String, status: Int) throws {
    let harness = ChatCompletionHarness().taking(name)
    #expect(harness.text.isEmpty)
    #expect(!harness.hasContent)
    let failure = try #require(harness.failure)
    #expect(HTTPError(failure).status.rawValue == status)
  }

  // MARK: Rules that hold for every stream

  @Test("every stream follows OpenAI's rules", arguments: recordings, [true, false])
  func rules(name: String, usage: Bool) throws {
    let text = ChatCompletionHarness(includesUsage: usage).taking(name).text
    let frames = text.split(separator: "\n\n", omittingEmptySubsequences: false).map(String.init)
    #expect(frames.last == "")
    #expect(frames.allSatisfy { $0.isEmpty || $0.hasPrefix("data: ") })
    #expect(frames.dropLast().last == "data: [DONE]")
    #expect(text.ranges(of: "[DONE]").count == 1)
    let chunks = try frames.dropLast(2).map { try JSONValue(parsing: String($0.dropFirst(6))) }
    let isFailed = name == "interrupt"
    let completion = isFailed ? chunks.dropLast() : chunks[...]
    #expect(completion.allSatisfy { $0["id"] == "chatcmpl-1" && $0["created"] == 1_795_235_530 })
    #expect(completion.allSatisfy { $0["model"] == "claude-code" && $0["object"] == "chat.completion.chunk" })
    #expect(completion.allSatisfy { $0["choices"]?.array != nil })
    let deltas = completion.compactMap { $0["choices"]?.array?.first?["delta"] }
    #expect(deltas.first == ["role": "assistant", "content": ""])
    #expect(deltas.filter { $0["role"] != nil }.count == 1)
    let reasons = completion.compactMap { $0["choices"]?.array?.first?["finish_reason"]?.string }
    #expect(reasons == (isFailed ? [] : ["stop"]))
    #expect(deltas.last == (isFailed ? deltas.last : [:]))
    let withUsage = completion.filter { $0["usage"].map { !$0.isNull } ?? false }
    #expect(withUsage.count == (usage && !isFailed ? 1 : 0))
    #expect(completion.filter { $0["usage"] == nil }.isEmpty == usage)
    if usage && !isFailed { #expect(completion.last?["choices"] == []) }
    #expect((chunks.last?["error"] != nil) == isFailed)
  }

  // MARK: Endings

  private func harness(_ lines: [String]) -> ChatCompletionHarness {
    var harness = ChatCompletionHarness()
    harness.take(lines)
    return harness
  }

  @Test("a failure after content is an error frame and the end, without a finish reason")
  func lateFailure() {
    var harness = harness(CLILine.cut("m", "a"))
    harness.fail(ClaudeError(.inactivityTimeout, "silence", reachedCLI: true))
    #expect(
      harness.text.hasSuffix(
        #"data: {"error":{"message":"silence","type":"timeout_error","param":null,"code":"timeout"}}"#
          + "\n\ndata: [DONE]\n\n"))
    #expect(!harness.text.contains(#""finish_reason":""#))
    #expect(harness.failure == nil)
  }

  @Test("an answer that the upstream changed is a failure")
  func diverged() {
    let text = harness(CLILine.cut("m1", "a b") + CLILine.message("m2", "a c") + [CLILine.result("a c")]).text
    #expect(text.contains(#""code":"upstream_diverged""#))
    #expect(text.hasSuffix("data: [DONE]\n\n"))
    #expect(!text.contains(#""finish_reason":""#))
  }

  @Test("an answer cut by a turn limit has the finish reason length")
  func maxTurns() {
    let limit = CLILine.result("", subtype: "error_max_turns", isError: true)
    let text = harness(CLILine.message("m", "a", stop: "tool_use") + [limit]).text
    #expect(text.contains(#""finish_reason":"length""#))
  }

  @Test("an empty answer has a role and a finish reason")
  func empty() {
    let text = harness([CLILine.initLine, CLILine.result("", turns: 1)]).text
    #expect(text.ranges(of: "data: ").count == 3)
    #expect(text.contains(#""finish_reason":"stop""#))
  }

  @Test("an answer that ends at a stop sequence has the finish reason stop, after a call too")
  func stopped() {
    var harness = ChatCompletionHarness(AnswerPlan(stop: ["ST"]))
    harness.take(
      [CLILine.messageStart("m")] + CLILine.callBlock("m", "c") + [CLILine.textStart, CLILine.text("a STOP")])
    #expect(harness.text.contains(#""finish_reason":"stop""#))
    #expect(harness.documents.contains(#""finish_reason":"stop""#))
  }

  @Test("the remembered answer has neither head nor thinking")
  func answer() {
    var harness = ChatCompletionHarness(AnswerPlan(head: "session-id=x\n\n"))
    harness.take([CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("t")])
    harness.take(CLILine.message("n", "é\\n\\ud83d\\ude00"))
    #expect(harness.message.text == "é\n😀")
  }

  @Test("a model's name is escaped")
  func modelName() throws {
    var harness = ChatCompletionHarness(as: ChatCompletionIdentity(id: "c", created: 1, model: "a\"\n\\é"))
    harness.take(CLILine.message("m", "x") + [CLILine.result()])
    let first = try JSONValue(parsing: String(harness.text.split(separator: "\n\n")[0].dropFirst(6)))
    #expect(first["model"] == "a\"\n\\é")
  }

  // MARK: Approvals

  @Test("a permission request is sent as a call and ends the answer")
  func approval() throws {
    let request: JSONValue = ["tool_name": "Bash", "input": ["command": "echo \"é\""]]
    var harness = ChatCompletionHarness(includesUsage: true)
    harness.ask(try #require(PermissionQuestion(request, requestID: "r1")))
    #expect(harness.text == Recording.golden("chat-approval"))
    #expect(harness.documents == Recording.golden("whole-approval", "json"))
    #expect(
      harness.message.calls == [
        ChatToolCall(
          id: "approve_r1", name: "approve_tool_use",
          arguments: #"{"tool_name":"Bash","input":{"command":"echo \"é\""}}"#)
      ])
  }
}
