import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct MessagesEventsTests {
  private static func events(includesThinking: Bool = true, _ plan: AnswerPlan = AnswerPlan()) -> MessagesEvents {
    MessagesEvents(MessagesIdentity(id: "i", model: "m"), includesThinking: includesThinking, plan)
  }

  private static let usage =
    #"{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}"#

  private static let start =
    "event: message_start\n"
    + #"data: {"type":"message_start","message":{"id":"i","type":"message","role":"assistant","model":"m","#
    + #""content":[],"stop_reason":null,"stop_sequence":null,"usage":\#(usage)}}"#
    + "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n"

  private static func begin(_ index: Int, _ block: String) -> String {
    "event: content_block_start\n"
      + #"data: {"type":"content_block_start","index":\#(index),"content_block":\#(block)}"# + "\n\n"
  }

  private static func piece(_ index: Int, _ delta: String) -> String {
    "event: content_block_delta\n"
      + #"data: {"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"# + "\n\n"
  }

  private static func end(_ index: Int) -> String {
    "event: content_block_stop\n" + #"data: {"type":"content_block_stop","index":\#(index)}"# + "\n\n"
  }

  private func text(_ events: MessagesEvents) -> String {
    var (events, output) = (events, ByteBuffer())
    events.exchange(&output)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  private func tell(_ text: String, _ events: inout MessagesEvents) { events.answerText(Array(text.utf8).span) }

  private func think(_ text: String, _ events: inout MessagesEvents) { events.answerThinking(Array(text.utf8).span) }

  @Test("each change between thinking, text and calls starts a block")
  func blocks() {
    var events = Self.events()
    think("t", &events)
    tell(#"a\""#, &events)
    tell("b", &events)
    events.functionCall(id: "c\"", name: "f")
    events.functionArguments(Array(#"{\"x\":"#.utf8).span)
    events.functionArguments(Array("1}".utf8).span)
    events.functionCall(id: "d", name: "g")
    tell("z", &events)
    #expect(
      text(events)
        == Self.start + Self.begin(0, #"{"type":"thinking","thinking":"","signature":""}"#)
        + Self.piece(0, #"{"type":"thinking_delta","thinking":"t"}"#) + Self.end(0)
        + Self.begin(1, #"{"type":"text","text":""}"#) + Self.piece(1, #"{"type":"text_delta","text":"a\""}"#)
        + Self.piece(1, #"{"type":"text_delta","text":"b"}"#) + Self.end(1)
        + Self.begin(2, #"{"type":"tool_use","id":"c\"","name":"f","input":{}}"#)
        + Self.piece(2, #"{"type":"input_json_delta","partial_json":"{\"x\":"}"#)
        + Self.piece(2, #"{"type":"input_json_delta","partial_json":"1}"}"#) + Self.end(2)
        + Self.begin(3, #"{"type":"tool_use","id":"d","name":"g","input":{}}"#) + Self.end(3)
        + Self.begin(4, #"{"type":"text","text":""}"#) + Self.piece(4, #"{"type":"text_delta","text":"z"}"#))
    #expect(
      events.message
        == ChatMessage(
          role: .assistant, text: "a\"bz",
          calls: [
            ChatToolCall(id: "c\"", name: "f", arguments: #"{"x":1}"#),
            ChatToolCall(id: "d", name: "g", arguments: ""),
          ]))
  }

  @Test("tool notes are separate lines of the thinking")
  func notes() {
    var events = Self.events()
    think("so", &events)
    events.toolUse(name: "Bash", input: ["command": "ls"])
    events.toolFailure("no")
    tell("a", &events)
    events.toolUse(name: "Read", input: [:])
    let pieces = text(events).split(separator: "\n").filter { $0.contains("thinking_delta") }.map(String.init)
    #expect(
      pieces
        == [
          (0, "so"), (0, #"\n[Bash] ls\n"#), (0, #"[failed] no\n"#), (2, #"[Read]\n"#),
        ].map {
          #"data: {"type":"content_block_delta","index":\#($0),"delta":{"type":"thinking_delta","thinking":"\#($1)"}}"#
        })
  }

  @Test("without thinking no block starts for it, and arguments without a call are dropped")
  func nothing() {
    var events = Self.events(includesThinking: false, AnswerPlan(form: .structured(schema: [:])))
    think("t", &events)
    events.toolUse(name: "Bash", input: [:])
    events.toolFailure("no")
    tell("a", &events)
    events.functionArguments(Array("{}".utf8).span)
    #expect(text(events).isEmpty && !events.hasBegun && events.message.calls.isEmpty)
    events.structured(["a": "é\n"])
    #expect(
      text(events)
        == Self.start + Self.begin(0, #"{"type":"text","text":""}"#)
        + Self.piece(0, #"{"type":"text_delta","text":"{\"a\":\"é\\n\"}"}"#))
  }

  @Test("the head is a separate block and not part of the answer")
  func head() {
    var events = Self.events(AnswerPlan(head: "h\n"))
    tell("a", &events)
    let block = #"{"type":"text","text":""}"#
    #expect(
      text(events)
        == Self.start + Self.begin(0, block) + Self.piece(0, #"{"type":"text_delta","text":"h\n"}"#) + Self.end(0)
        + Self.begin(1, block) + Self.piece(1, #"{"type":"text_delta","text":"a"}"#))
    #expect(events.message == ChatMessage(role: .assistant, text: "a"))
  }

  @Test("the end and the whole message")
  func finish() {
    var events = Self.events()
    tell("a", &events)
    events.call(ChatToolCall(id: "c", name: "f", arguments: #"{ "x": 1.0 }"#))
    let before = text(events)
    events.finish(
      AnswerEnding(reason: .stopped(at: "\n"), hasCalls: true, lastStopReason: nil, usage: TokenUsage()))
    #expect(
      text(events).dropFirst(before.count)
        == Self.end(1) + "event: message_delta\n"
        + #"data: {"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"\n"},"usage":\#(Self.usage)}"#
        + "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    #expect(
      String(decoding: events.document, as: UTF8.self)
        == #"{"id":"i","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"a"},"#
        + #"{"type":"tool_use","id":"c","name":"f","input":{"x":1.0}}],"stop_reason":"stop_sequence","#
        + #""stop_sequence":"\n","usage":\#(Self.usage)}"# + "\n")
  }
}
