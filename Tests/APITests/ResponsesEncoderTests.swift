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

private typealias ResponsesHarness = AnswerHarness<ResponsesEvents>

extension ResponsesHarness {
  fileprivate init(_ plan: AnswerPlan = AnswerPlan(), isBackground: Bool = false, after known: Int = -1) {
    let opening = ResponsesEvents.Opening(isBackground: isBackground, isImmediate: isBackground, known: known)
    self.init(plan) { ResponsesEvents(.example, opening, $0) }
  }
}

struct ResponsesEncoderTests {
  private static let turns = [
    "cut-midstream", "error-event-midstream", "max-tokens", "refusal", "retry-429", "surrogates", "text", "thinking",
    "tool-allowed", "tool-denied", "tools-parallel", "functions-after-text", "functions-beside-bash", "functions-empty",
    "functions-one", "functions-parallel",
  ]
  private static let form = AnswerForm.structured(schema: [:])
  private static let call = AnswerForm.call([FunctionDeclaration(name: "get_weather")], id: "call_1")

  @Test("recorded turns match the golden streams", arguments: turns)
  func golden(name: String) {
    #expect(ResponsesHarness().taking(name).text == Recording.golden("responses-\(name)"))
  }

  @Test("a structured answer comes from the result, and a forced call is a call")
  func structured() {
    #expect(
      ResponsesHarness(AnswerPlan(form: Self.form)).taking("functions-structured").text
        == Recording.golden("responses-structured"))
    #expect(
      ResponsesHarness(AnswerPlan(form: Self.call)).taking("functions-structured").text
        == Recording.golden("responses-forced"))
    #expect(ResponsesHarness(AnswerPlan(form: Self.form)).taking("text").failure == .unstructured)
  }

  @Test("a stream resumed after any event has the same bytes", arguments: turns)
  func resumed(name: String) throws {
    let wholes = ResponsesHarness().taking(name).answers.map(\.text)
    #expect(!wholes.isEmpty)
    for (index, whole) in wholes.enumerated() {
      let frames = whole.frames
      #expect(!frames.isEmpty)
      for number in frames.indices {
        let rest = ResponsesHarness(after: number).taking(name).answers[index].text
        #expect(frames[...number].joined() + rest == whole)
      }
    }
  }

  @Test("a response sent back is the remembered message", arguments: turns)
  func message(name: String) throws {
    let answers = ResponsesHarness().taking(name).answers
    #expect(!answers.isEmpty)
    for answer in answers {
      let items = try (answer.writer.json()["output"]?.array ?? []).map { try ResponsesInputItem($0, at: "input") }
      #expect(ChatHistory.merged(items.compactMap(\.message)) == [answer.writer.message])
    }
  }

  @Test("a permission request is an approval item, and comes back as a call")
  func approval() throws {
    var harness = ResponsesHarness()
    harness.take([CLILine.messageStart("m")])
    harness.ask(try #require(PermissionQuestion(["tool_name": "Bash", "input": ["command": "ls"]], requestID: "7")))
    let done = try harness.text.events.last { $0.name == "response.output_item.done" }
    let item = try #require(done?.data["item"])
    #expect(
      item
        == [
          "type": "mcp_approval_request", "id": "approve_7", "server_label": "claude-code", "name": "Bash",
          "arguments": #"{"command":"ls"}"#,
        ])
    #expect(
      try ResponsesInputItem(item, at: "input").message?.calls == [
        ChatToolCall(
          id: "approve_7", name: "approve_tool_use", arguments: #"{"tool_name":"Bash","input":{"command":"ls"}}"#)
      ])
  }

  @Test("a failure after content ends the events; before content there is no stream")
  func failure() throws {
    let error = ClaudeError(.upstream(status: 429), "slow down", reachedCLI: true)
    var early = ResponsesHarness()
    early.take([CLILine.initLine])
    early.fail(error)
    #expect(early.failure == error)
    var late = ResponsesHarness()
    late.take([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")])
    late.fail(error)
    let last = try #require(try late.text.events.last)
    #expect(last.name == "response.failed")
    #expect(last.data["response"]?["status"] == "failed")
    #expect(last.data["response"]?["error"] == ["code": "rate_limit_exceeded", "message": "slow down"])
    #expect(last.data["response"]?["output"]?.array?.count == 1)
  }

  @Test("a background response is announced before anything else")
  func background() throws {
    var harness = ResponsesHarness(isBackground: true)
    harness.fail(ClaudeError(.cancelled, "x", reachedCLI: true))
    let events = try harness.text.events
    #expect(
      events.map(\.name) == ["response.created", "response.queued", "response.in_progress", "response.failed"])
    #expect(events.map { $0.data["response"]?["status"] } == ["queued", "queued", "in_progress", "cancelled"])
    #expect(events.last?.data["response"]?["error"] == .null)
  }
}

extension String {
  /// The events of a stream, each with its end.
  fileprivate var frames: [String] { split(separator: "\n\n").map { $0 + "\n\n" } }
}
