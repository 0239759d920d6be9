import Bytes
import ClaudeCode
import EventLoop
import HTTP
import HTTPServer
import TestSupport
import Testing

@testable import API
@testable import Turns
@testable import ClaudeCode

/// Does with recorded lines what a run and its responses do: where the model waits for its client the response ends, and
/// another one begins with the results.
struct ResponseStage {
  private let form: AnswerForm
  private var desk = PendingCalls()
  private var encoder: ResponsesEncoder
  private var output = ByteBuffer()
  private var isOver = false
  private(set) var texts: [String] = []
  private(set) var documents: [JSONValue] = []
  private(set) var messages: [ChatMessage] = []
  private(set) var failure: ClaudeError?
  private let known: Int
  private let isBackground: Bool

  init(form: AnswerForm = .text, isBackground: Bool = false, after known: Int = -1) {
    self.form = form
    self.known = known
    self.isBackground = isBackground
    encoder = ResponseStage.encoder(form, isBackground, known, isWholeTurn: true)
  }

  private static func encoder(
    _ form: AnswerForm, _ isBackground: Bool, _ known: Int, isWholeTurn: Bool
  ) -> ResponsesEncoder {
    ResponsesEncoder(
      ResponsesIdentity(id: "resp_1", created: 1_795_235_530, echo: ["model": "claude-code"]), form: form,
      isWholeTurn: isWholeTurn, isBackground: isBackground, beginsAtOnce: isBackground, after: known)
  }

  static func recorded(_ name: String, form: AnswerForm = .text, after known: Int = -1) -> ResponseStage {
    var stage = ResponseStage(form: form, after: known)
    for line in Recording("cli-2.1.329/\(name)").lines { stage.take(line.span) }
    return stage
  }

  /// All responses, one after the other.
  var text: String { texts.joined() + String(decoding: output.bytes, as: UTF8.self) }

  mutating func take(_ lines: [String]) {
    for line in lines { take(Array(line.utf8).span) }
  }

  mutating func take(_ line: Span<UInt8>) {
    guard !isOver, let message = StreamMessage(scanning: line) else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
      if let result = TurnResult(line) {
        try encoder.close(result, to: &output)
        end()
      }
    } catch {
      fail(error)
    }
    guard !isOver, desk.read(message, line) else { return }
    encoder.closeParked(to: &output)
    end()
    isOver = false
    encoder = ResponseStage.encoder(form, isBackground, known, isWholeTurn: false)
    desk.take(Dictionary(uniqueKeysWithValues: desk.open.map { ($0, FunctionResult([])) }))
  }

  private mutating func end() {
    isOver = true
    texts.append(String(decoding: output.bytes, as: UTF8.self))
    output.removeAll()
    documents.append(encoder.json())
    messages.append(encoder.message)
  }

  mutating func ask(_ question: PermissionQuestion) { encoder.encode(question, to: &output) }

  mutating func fail(_ error: ClaudeError) {
    isOver = true
    if encoder.hasContent { encoder.close(error, to: &output) } else { failure = error }
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

  @Test("recorded lines become exactly these bytes", arguments: turns)
  func golden(name: String) {
    #expect(ResponseStage.recorded(name).text == Recording.golden("responses-\(name)"))
  }

  @Test("a structured answer is the result's, whatever the model said besides; a forced call is a call")
  func structured() {
    #expect(
      ResponseStage.recorded("functions-structured", form: Self.form).text == Recording.golden("responses-structured"))
    #expect(
      ResponseStage.recorded("functions-structured", form: Self.call).text == Recording.golden("responses-forced"))
    #expect(ResponseStage.recorded("text", form: Self.form).failure == .unstructured)
  }

  @Test("cut after any event and gone on from there, the stream is the same, byte for byte", arguments: turns)
  func resumed(name: String) throws {
    for (index, whole) in ResponseStage.recorded(name).texts.enumerated() {
      let frames = whole.frames
      for number in frames.indices {
        let rest = ResponseStage.recorded(name, after: number).texts[index]
        #expect(frames[...number].joined() + rest == whole)
      }
    }
  }

  @Test("events are numbered from 0, and what they tell of items makes the response", arguments: turns)
  func agreement(name: String) throws {
    let stage = ResponseStage.recorded(name)
    for (text, document) in zip(stage.texts, stage.documents) {
      let events = try text.events
      #expect(events.map(\.data["sequence_number"]) == events.indices.map { JSONValue($0) })
      #expect(events.allSatisfy { $0.name == $0.data["type"]?.string })
      #expect(events.prefix(2).map(\.name) == ["response.created", "response.in_progress"])
      let done = events.filter { $0.name == "response.output_item.done" }.compactMap(\.data["item"])
      #expect(document["output"]?.array == done)
      #expect(events.last?.data["response"] == document)
      #expect(try told(events) == done)
    }
    #expect(stage.texts.count == stage.documents.count && !stage.texts.isEmpty)
  }

  /// The items, put together from their pieces.
  private func told(_ events: [(name: String, data: JSONValue)]) throws -> [JSONValue] {
    var items: [JSONValue] = []
    var text = ""
    for (name, data) in events {
      switch name {
      case "response.output_item.added":
        #expect(data["output_index"]?.int == items.count)
        items.append(data["item"] ?? .null)
        text = ""
      case "response.output_text.delta", "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta":
        #expect(data["item_id"] == items.last?["id"])
        text += data["delta"]?.string ?? ""
      case "response.output_item.done":
        guard var item = items.last?.object else { continue }
        switch item["type"] {
        case "message":
          item["content"] = [["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]]
        case "reasoning": item["summary"] = [["type": "summary_text", "text": .string(text)]]
        default: item["arguments"] = .string(text)
        }
        if item["status"] != nil { item["status"] = "completed" }
        items[items.count - 1] = .object(item)
      default: break
      }
    }
    return items
  }

  @Test("the response that comes back is the message that was said", arguments: turns)
  func message(name: String) throws {
    let stage = ResponseStage.recorded(name)
    for (document, message) in zip(stage.documents, stage.messages) {
      let items = try (document["output"]?.array ?? []).map { try ResponsesInputItem($0, at: "input") }
      #expect(ChatHistory.merged(items.compactMap(\.message)) == [message])
    }
  }

  @Test("a question of the CLI is an approval, and comes back as the call that it is elsewhere")
  func approval() throws {
    var stage = ResponseStage()
    stage.take([CLILine.messageStart("m")])
    stage.ask(try #require(PermissionQuestion(["tool_name": "Bash", "input": ["command": "ls"]], requestID: "7")))
    let item = try #require(try stage.text.events.last?.data["item"])
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

  @Test("a failure after something was said ends the events; before, it is no stream at all")
  func failure() throws {
    let error = ClaudeError(.upstream(status: 429), "slow down", reachedCLI: true)
    var early = ResponseStage()
    early.take([CLILine.initLine])
    early.fail(error)
    #expect(early.failure == error)
    var late = ResponseStage()
    late.take([CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")])
    late.fail(error)
    let last = try #require(try late.text.events.last)
    #expect(last.name == "response.failed")
    #expect(last.data["response"]?["status"] == "failed")
    #expect(last.data["response"]?["error"] == ["code": "rate_limit_exceeded", "message": "slow down"])
    #expect(last.data["response"]?["output"]?.array?.count == 1)
  }

  @Test("what is asked for in the background is seen to begin, whatever comes of it")
  func background() throws {
    var stage = ResponseStage(isBackground: true)
    stage.fail(ClaudeError(.cancelled, "x", reachedCLI: true))
    let events = try stage.text.events
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
