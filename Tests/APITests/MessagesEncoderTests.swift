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

struct MessagesEncoderTests {
  private static let turns = [
    "cut-midstream", "error-event-midstream", "interrupt", "max-tokens", "refusal", "retry-429", "surrogates", "text",
    "thinking", "tool-allowed", "tool-denied", "tools-parallel",
  ]
  private static let calls = [
    "functions-after-text", "functions-beside-bash", "functions-empty", "functions-one", "functions-parallel",
  ]
  private static let form = AnswerForm.structured(schema: [:])
  private static let call = AnswerForm.call([FunctionDeclaration(name: "get_weather")], id: "call_1")

  // MARK: Golden

  @Test("recorded turns match the golden streams and documents", arguments: turns + calls)
  func golden(name: String) {
    let harness = MessagesHarness().taking(name)
    #expect(harness.text == Recording.golden("messages-\(name)"))
    guard name != "interrupt" else { return }
    #expect(harness.documents == Recording.golden("messages-\(name)", "json"))
  }

  @Test("a structured answer comes from the result, and a forced call is a call")
  func structured() {
    let answer = MessagesHarness(AnswerPlan(form: Self.form)).taking("functions-structured")
    #expect(answer.text == Recording.golden("messages-structured"))
    #expect(answer.documents == Recording.golden("messages-structured", "json"))
    let call = MessagesHarness(AnswerPlan(form: Self.call)).taking("functions-structured")
    #expect(call.text == Recording.golden("messages-forced"))
    #expect(call.documents == Recording.golden("messages-forced", "json"))
  }

  @Test("an answer without the requested form is a failure", arguments: [form, call])
  func unstructured(form: AnswerForm) {
    let harness = MessagesHarness(AnswerPlan(form: form)).taking("text")
    #expect(harness.failure == .unstructured)
    #expect(harness.text.isEmpty)
  }

  @Test(
    "a recorded failure becomes an HTTP status without a stream",
    arguments: [("error-401", 401), ("unknown-resume", 404)])
  func recordedFailures(name: String, status: Int) throws {
    let harness = MessagesHarness().taking(name)
    #expect(harness.text.isEmpty)
    #expect(HTTPError(try #require(harness.failure)).status.rawValue == status)
  }

  // MARK: Rules that hold for every stream

  @Test("the events add up to the whole message", arguments: turns + calls)
  func agreement(name: String) throws {
    guard name != "interrupt" else { return }
    let harness = MessagesHarness().taking(name)
    var made: [JSONValue] = []
    var message = JSONObject()
    var blocks: [JSONObject] = []
    var input = ""
    for (name, data) in try harness.text.events {
      switch name {
      case "message_start":
        message = data["message"]?.object ?? [:]
        blocks = []
      case "content_block_start":
        blocks.append(data["content_block"]?.object ?? [:])
        input = ""
      case "content_block_delta":
        for (delta, member) in [("text", "text"), ("thinking", "thinking")] {
          guard let piece = data["delta"]?[delta]?.string else { continue }
          blocks[blocks.count - 1][member] = .string((blocks[blocks.count - 1][member]?.string ?? "") + piece)
        }
        input += data["delta"]?["partial_json"]?.string ?? ""
      case "content_block_stop":
        if !input.isEmpty { blocks[blocks.count - 1]["input"] = try JSONValue(parsing: input) }
      case "message_delta":
        for member in ["stop_reason", "stop_sequence"] { message[member] = data["delta"]?[member] }
        message["usage"] = data["usage"]
        message["content"] = .array(blocks.map { .object($0) })
        made.append(.object(message))
      default: #expect(["ping", "message_stop"].contains(name))
      }
    }
    #expect(try made == harness.documents.split(separator: "\n").map { try JSONValue(parsing: String($0)) })
  }

  @Test(
    "an answer cut inside a call ends with an error", arguments: ["functions-cut-in-call", "functions-cut-after-call"])
  func cut(name: String) throws {
    let events = try MessagesHarness().taking(name).text.events
    #expect(events.last?.name == "error")
    #expect(events.last?.data["error"]?["type"] == "api_error")
    #expect(!events.contains { $0.name == "message_delta" || $0.name == "message_stop" })
  }

  // MARK: Thinking

  @Test("thinking and tool notes are sent on request only", arguments: ["thinking", "tool-denied"])
  func thoughts(name: String) throws {
    let harness = MessagesHarness(includesThinking: false).taking(name)
    let kinds = try harness.text.events.compactMap { $0.data["content_block"]?["type"]?.string }
    #expect(kinds == ["text"])
    #expect(!harness.documents.contains("thinking"))
  }

  // MARK: Endings

  private func harness(_ lines: [String], stop: [String] = []) -> MessagesHarness {
    var harness = MessagesHarness(AnswerPlan(stop: stop))
    harness.take(lines)
    return harness
  }

  @Test("a failure after content is an error event without an ordinary end")
  func lateFailure() {
    var harness = harness(CLILine.cut("m", "a"))
    harness.fail(ClaudeError(.inactivityTimeout, "silence", reachedCLI: true))
    #expect(
      harness.text.hasSuffix(
        "event: error\n"
          + #"data: {"type":"error","error":{"type":"timeout_error","message":"silence","details":{"error_code":"timeout"}}}"#
          + "\n\n"))
    #expect(!harness.text.contains("message_delta"))
    #expect(harness.failure == nil)
  }

  @Test("a turn limit ends a started answer, and is an error without one")
  func maxTurns() {
    let limit = CLILine.result("", subtype: "error_max_turns", isError: true)
    #expect(
      harness(CLILine.message("m", "a", stop: "tool_use") + [limit]).documents.contains(#""stop_reason":"max_tokens""#))
    #expect(harness([CLILine.initLine, limit]).failure?.kind == .maxTurns)
  }

  @Test("an empty result without turns is an error, one with a turn an empty answer")
  func empty() throws {
    #expect(harness([CLILine.initLine, CLILine.result("", turns: 0)]).failure?.kind == .empty)
    let empty = harness([CLILine.initLine, CLILine.result("", turns: 1)])
    #expect(try empty.text.events.map(\.name) == ["message_start", "ping", "message_delta", "message_stop"])
    #expect(empty.documents.contains(#""content":[],"stop_reason":"end_turn","stop_sequence":null"#))
  }

  @Test("text ends before a stop sequence, which is reported")
  func stopped() {
    let stopped = harness(CLILine.message("m", "a b", "c d"), stop: ["d", "bc"])
    #expect(
      stopped.documents.contains(
        #""content":[{"type":"text","text":"a "}],"stop_reason":"stop_sequence","stop_sequence":"bc""#))
    #expect(stopped.text.hasSuffix("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
  }

  @Test("held text is sent before the call that follows it")
  func heldText() {
    let lines =
      [CLILine.messageStart("m"), CLILine.textStart, CLILine.text("so S")] + CLILine.callBlock("m", "c")
      + [CLILine.messageDelta("tool_use"), CLILine.messageStop]
    let document = harness(lines, stop: ["STOP"]).documents
    #expect(
      document.contains(
        #""content":[{"type":"text","text":"so S"},{"type":"tool_use","id":"c","name":"f","input":{}}]"#))
  }

  // MARK: The answer

  @Test("the remembered answer is one text without head and thinking")
  func answer() {
    var harness = MessagesHarness(AnswerPlan(head: "session-id=x\n\n"))
    harness.take(
      [CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("t")]
        + CLILine.message("n", "é\\n", "\\ud83d\\ude00"))
    #expect(harness.message == ChatMessage(role: .assistant, text: "é\n😀"))
    #expect(
      harness.text.contains(
        #"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"session-id=x\n\n"}}"#))
  }

  @Test("a model's name is escaped")
  func modelName() throws {
    var harness = MessagesHarness(as: MessagesIdentity(id: "i", model: "a\"\n\\é"))
    harness.take(CLILine.message("m", "x") + [CLILine.result()])
    #expect(try harness.text.events.first?.data["message"]?["model"] == "a\"\n\\é")
    #expect(try JSONValue(parsing: harness.documents)["model"] == "a\"\n\\é")
  }

  @Test("a permission request is sent as a call and ends the answer")
  func approval() throws {
    let request: JSONValue = ["tool_name": "Bash", "input": ["command": "echo \"é\""]]
    var harness = MessagesHarness(includesThinking: false)
    harness.ask(try #require(PermissionQuestion(request, requestID: "r1")))
    #expect(harness.text == Recording.golden("messages-approval"))
    #expect(harness.documents == Recording.golden("messages-approval", "json"))
    #expect(harness.message.calls.map(\.id) == ["approve_r1"])
  }
}
