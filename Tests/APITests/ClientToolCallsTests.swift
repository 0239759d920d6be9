import Bytes
import ClaudeCode
import EventLoop
import HTTPServerTestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

/// Calls of custom tools and of tools in namespaces, on their way out and back.
struct ClientToolCallsTests {
  private static let plan = AnswerPlan(clientTools: [
    "patch": ClientTool(name: "patch", isCustom: true), "n__f": ClientTool(name: "f", namespace: "n"),
    "n__exec": ClientTool(name: "exec", namespace: "n", isCustom: true),
  ])

  private static let ending = AnswerEnding(
    reason: .calls, hasCalls: true, lastStopReason: "tool_use", usage: TokenUsage())

  /// Writes an answer with these calls, whose arguments come in two pieces.
  private func write(_ calls: [(name: String, arguments: String)], to writer: inout some AnswerWriter) {
    writer.prepare(TokenUsage())
    for (index, call) in calls.enumerated() {
      writer.functionCall(id: "c\(index)", name: call.name)
      var escaped = ByteBuffer()
      JSONText.appendEscaped(call.arguments.utf8, to: &escaped)
      let bytes = escaped.bytes
      // An escape is never cut in two.
      writer.functionArguments(Array(bytes.prefix(1)).span)
      writer.functionArguments(Array(bytes.dropFirst(1)).span)
    }
    writer.finish(Self.ending)
  }

  private func output(_ writer: some AnswerWriter) -> String {
    var (writer, output) = (writer, ByteBuffer())
    writer.exchange(&output)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  private func json(_ frames: String) throws -> [JSONValue] {
    try frames.split(separator: "\n").filter { $0.hasPrefix("data: {") }.map {
      try JSONValue(parsing: String($0.dropFirst(6)))
    }
  }

  // MARK: Responses

  private func events(_ calls: [(name: String, arguments: String)]) throws -> (ResponsesEvents, [JSONValue]) {
    var events = ResponsesEvents(.example, ResponsesEvents.Opening(), Self.plan)
    write(calls, to: &events)
    return (events, try json(output(events)))
  }

  @Test("a custom call is a custom_tool_call with its input in one delta")
  func customItem() throws {
    let (written, events) = try events([("patch", #"{"input":"a\n\"b\""}"#)])
    let item: JSONValue = [
      "type": "custom_tool_call", "id": "ctc_1_0", "call_id": "c0", "name": "patch", "input": "a\n\"b\"",
      "status": "completed",
    ]
    #expect(
      events.compactMap { $0["type"]?.string } == [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "response.output_item.done",
        "response.completed",
      ])
    let delta = try #require(events.first { $0["type"] == "response.custom_tool_call_input.delta" })
    #expect(delta["delta"] == "a\n\"b\"" && delta["item_id"] == "ctc_1_0" && delta["output_index"] == 0)
    let done = try #require(events.first { $0["type"] == "response.custom_tool_call_input.done" })
    #expect(done["input"] == "a\n\"b\"" && done["item_id"] == "ctc_1_0")
    #expect(events.first { $0["type"] == "response.output_item.done" }?["item"] == item)
    #expect(events.compactMap { $0["sequence_number"]?.int } == Array(events.indices))
    #expect(written.items == [item])
    #expect(
      written.message.calls == [ChatToolCall(id: "c0", name: "patch", arguments: #"{"input":"a\n\"b\""}"#)])
  }

  @Test("a call of a namespace goes back with it, whatever its kind")
  func namespaces() throws {
    let (written, events) = try events([("n__f", #"{"a":1}"#), ("n__exec", #"{"input":"x"}"#), ("g", "{}")])
    let items: [JSONValue] = [
      [
        "type": "function_call", "id": "fc_1_0", "call_id": "c0", "name": "f", "namespace": "n",
        "arguments": #"{"a":1}"#, "status": "completed",
      ],
      [
        "type": "custom_tool_call", "id": "ctc_1_1", "call_id": "c1", "name": "exec", "namespace": "n", "input": "x",
        "status": "completed",
      ],
      [
        "type": "function_call", "id": "fc_1_2", "call_id": "c2", "name": "g", "arguments": "{}",
        "status": "completed",
      ],
    ]
    #expect(written.items == items)
    #expect(written.message.calls.map(\.name) == ["n__f", "n__exec", "g"])
    #expect(events.first { $0["type"] == "response.function_call_arguments.done" }?["name"] == "f")
  }

  // MARK: Items that come back

  private func message(_ item: String) throws -> ChatMessage? {
    try ResponsesInputItem(JSONValue(parsing: item), at: "input[0]").message
  }

  @Test(
    "calls of every kind are calls of the conversation",
    arguments: [
      (#"{"type":"custom_tool_call","call_id":"c","name":"p","input":"x\ny"}"#, "p", #"{"input":"x\ny"}"#),
      (
        #"{"type":"custom_tool_call","id":"ctc_1","call_id":"c","name":"e","namespace":"n","input":""}"#, "n__e",
        #"{"input":""}"#
      ),
      (#"{"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"}"#, "n__f", "{}"),
      (
        #"{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":["ls"]}}"#, "local_shell",
        #"{"type":"exec","command":["ls"]}"#
      ),
      (#"{"type":"local_shell_call","id":"c","action":{}}"#, "local_shell", "{}"),
      (#"{"type":"shell_call","call_id":"c","action":{"commands":["ls"]}}"#, "shell", #"{"commands":["ls"]}"#),
      (
        #"{"type":"apply_patch_call","call_id":"c","operation":{"type":"delete_file","path":"a"}}"#, "apply_patch",
        #"{"type":"delete_file","path":"a"}"#
      ),
    ])
  func calls(item: String, name: String, arguments: String) throws {
    #expect(
      try message(item)
        == ChatMessage(role: .assistant, text: "", calls: [ChatToolCall(id: "c", name: name, arguments: arguments)]))
  }

  @Test(
    "outputs of every kind are results",
    arguments: [
      (#"{"type":"custom_tool_call_output","call_id":"c","output":"done"}"#, "done"),
      (#"{"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_text","text":"a"}]}"#, "a"),
      (#"{"type":"local_shell_call_output","id":"c","output":"{}"}"#, "{}"),
      (
        #"{"type":"shell_call_output","call_id":"c","output":[{"stdout":"a","stderr":""}]}"#,
        #"[{"stdout":"a","stderr":""}]"#
      ),
      (#"{"type":"apply_patch_call_output","call_id":"c","status":"completed"}"#, "completed"),
      (#"{"type":"apply_patch_call_output","call_id":"c","status":"failed","output":"no"}"#, "no"),
    ])
  func outputs(item: String, text: String) throws {
    #expect(try message(item) == ChatMessage(results: [.text(text)], of: "c"))
  }

  @Test(
    "broken items are refused with their place",
    arguments: [
      (#"{"type":"custom_tool_call","name":"p","input":"x"}"#, "400 input[0].call_id -"),
      (#"{"type":"custom_tool_call","call_id":"c","input":"x"}"#, "400 input[0].name -"),
      (#"{"type":"custom_tool_call","call_id":"c","name":"p","input":{}}"#, "400 input[0].input -"),
      (#"{"type":"shell_call_output","output":[]}"#, "400 input[0].call_id -"),
    ])
  func refused(item: String, expected: String) throws {
    #expect(try refusal { _ = try message(item) } == expected)
  }

  @Test("declarations in the input say nothing")
  func declarations() throws {
    #expect(try message(#"{"type":"additional_tools","role":"developer","tools":[]}"#) == nil)
  }

  // MARK: Chat completions

  private func chunks(_ calls: [(name: String, arguments: String)]) -> ChatCompletionChunks {
    var chunks = ChatCompletionChunks(
      ChatCompletionIdentity(id: "c", created: 1, model: "m"), includesUsage: false, keepsThinking: true, Self.plan)
    write(calls, to: &chunks)
    return chunks
  }

  @Test("in chat completions a custom call has its own type, streamed and whole")
  func chat() throws {
    let written = chunks([("patch", #"{"input":"a\nb"}"#), ("g", #"{"x":1}"#), ("patch", "{}")])
    let deltas = try json(output(written)).compactMap { chunk in
      chunk["choices"]?.array?.first?["delta"]?["tool_calls"]?.array?.first
    }
    #expect(
      deltas == [
        ["index": 0, "id": "c0", "type": "custom", "custom": ["name": "patch", "input": ""]],
        ["index": 0, "custom": ["input": "a\nb"]],
        ["index": 1, "id": "c1", "type": "function", "function": ["name": "g", "arguments": ""]],
        ["index": 1, "function": ["arguments": "{"]], ["index": 1, "function": ["arguments": "\"x\":1}"]],
        ["index": 2, "id": "c2", "type": "custom", "custom": ["name": "patch", "input": ""]],
        ["index": 2, "custom": ["input": "{}"]],
      ])
    let document = try JSONValue(parsing: String(decoding: written.document, as: UTF8.self))
    let whole = try #require(document["choices"]?.array?.first?["message"]?["tool_calls"]?.array)
    #expect(
      whole == [
        ["id": "c0", "type": "custom", "custom": ["name": "patch", "input": "a\nb"]],
        ["id": "c1", "type": "function", "function": ["name": "g", "arguments": #"{"x":1}"#]],
        ["id": "c2", "type": "custom", "custom": ["name": "patch", "input": "{}"]],
      ])
    let back = try ChatMessage(["role": "assistant", "content": nil, "tool_calls": .array(whole)], at: "messages[0]")
    #expect(back.calls == written.message.calls)
  }

  @Test(
    "custom calls of a history are read or refused",
    arguments: [
      (#"{"id":"c","type":"custom","custom":{"name":"p"}}"#, "400 m.tool_calls[0].custom.input -"),
      (#"{"id":"c","type":"custom","custom":{"input":"x"}}"#, "400 m.tool_calls[0].custom.name -"),
      (#"{"type":"custom","custom":{"name":"p","input":"x"}}"#, "400 m.tool_calls[0].id -"),
    ])
  func chatHistory(call: String, expected: String) throws {
    let message = try JSONValue(parsing: "{\"role\":\"assistant\",\"tool_calls\":[\(call)]}")
    #expect(try refusal { _ = try ChatMessage(message, at: "m") } == expected)
  }
}
