import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Storage
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import Turns

@Suite(.bounded)
struct ResponsesRequestTests {
  @Test("a minimal request")
  func least() throws {
    let request = try ResponsesRequest(object(#"{"input":"hi"}"#))
    #expect(request.model == "claude-code" && request.isStored)
    #expect(!request.isStreamed && !request.isBackground)
    let body = try ResponsesBody(object(#"{"input":"hi"}"#), size: 14)
    #expect(body.input.compactMap(\.message) == [ChatMessage(role: .user, text: "hi")])
    #expect(body.journaled != nil)
    #expect(try ResponsesBody(object(#"{"input":"hi","store":false}"#), size: 28).journaled == nil)
    #expect(request.stage.isEmpty && request.previousID == nil)
    #expect(request.echo["text"] == ["format": ["type": "text"]])
    #expect(request.echo["tools"] == [] && request.echo["store"] == true && request.echo["instructions"] == .null)
  }

  @Test("an empty previous response is none")
  func noPrevious() throws {
    #expect(try ResponsesRequest(["input": "x", "previous_response_id": ""]).previousID == nil)
    #expect(try ResponsesRequest(["input": "x", "previous_response_id": nil]).previousID == nil)
  }

  @Test("given fields are used and echoed")
  func fields() throws {
    let body = try object(
      #"""
      {"input":[],"model":"opus","instructions":"be brief","previous_response_id":"resp_1","stream":true,
      "background":true,"reasoning":{"effort":"high"},"metadata":{"workspace":"demo","a":"b"},"temperature":0.5,
      "tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":"required","max_output_tokens":7,
      "text":{"verbosity":"low","format":{"type":"json_schema","name":"x","schema":{"type":"object"}}}}
      """#)
    let request = try ResponsesRequest(body)
    #expect(request.stage == [ChatMessage(role: .system, text: "be brief")])
    #expect(request.previousID == "resp_1" && request.isStreamed && request.isBackground)
    #expect(request.options.effort == .high && request.options.workspace == "demo" && request.options.model == "opus")
    #expect(request.format == .structured(schema: ["type": "object"]))
    #expect(request.form(of: "resp_9") == .call([FunctionDeclaration(name: "f")], id: "toolu_9"))
    for name in ["model", "metadata", "temperature", "tool_choice", "max_output_tokens", "reasoning", "text"] {
      #expect(request.echo[name] == body[name])
    }
  }

  @Test(
    "unsupported fields are rejected",
    arguments: [
      (#"{}"#, "400 input -"), (#"{"input":7}"#, "400 input -"), (#"{"input":[7]}"#, "400 input[0] -"),
      (#"{"input":[{"type":"nonsense_call"}]}"#, "400 input[0] unsupported_item"),
      (#"{"input":[{"role":"bear","content":"x"}]}"#, "400 input[0].role -"),
      (#"{"input":[{"type":"function_call_output","output":"x"}]}"#, "400 input[0].call_id -"),
      (#"{"input":[{"type":"item_reference"}]}"#, "400 input[0].id -"),
      (#"{"input":"x","conversation":"conv_1"}"#, "400 conversation unsupported_parameter"),
      (#"{"input":"x","prompt":{"id":"p"}}"#, "400 prompt unsupported_parameter"),
      (#"{"input":"x","background":true,"store":false}"#, "400 store -"),
      (#"{"input":"x","stream":"yes"}"#, "400 stream -"),
      (#"{"input":"x","reasoning":{"effort":"a lot"}}"#, "400 reasoning.effort -"),
      (#"{"input":"x","tools":[{"type":"file_search"}]}"#, "400 tools[0].type unsupported_parameter"),
      (#"{"input":"x","text":{"format":{"type":"xml"}}}"#, "400 text.format.type -"),
    ])
  func refused(body: String, expected: String) throws {
    #expect(try refusal { _ = try ResponsesBody(object(body), size: 0) } == expected)
  }

  /// What the journal of a response has of its request.
  private func journaled(_ record: ResponsesRecord, _ body: JSONObject) throws -> JSONValue {
    let journaled = ResponsesRecord.journaled(body)
    record.finish(journaled)
    let run = RunDescription(id: "r", surface: "response", principal: "me", requestID: "q", createdAt: 1)
    return try #require(RunDescription.request(in: journaled.record(of: run).dropFirst(JournalRecord.headerLength)))
  }

  @Test("a journaled request is read back")
  func record() throws {
    let body = try object(#"{"input":"hi"}"#)
    let record = ResponsesRecord(
      try ResponsesRequest(body), isWholeTurn: false, functions: ["f"], maximumCalls: 1)
    let read = try #require(try ResponsesRecord.read(journaled(record, body)))
    #expect(read.record.request == record.request && !read.record.isWholeTurn && read.body == body)
    #expect(read.record.functions == ["f"] && read.record.maximumCalls == 1)
    #expect(try ResponsesRecord.read(["x": 1]) == nil)
  }

  @Test("a journaled request keeps how arguments differ from the client's")
  func mappings() throws {
    let body = try object(#"{"input":"hi"}"#)
    let mappings: [String: ValueMapping] = [
      "f": .wrapped(in: "arguments"), "g": .renamed([ValueMapping.Name(client: "$a", upstream: "_a")]),
    ]
    let record = ResponsesRecord(
      try ResponsesRequest(body), isWholeTurn: true, functions: ["f", "g"], maximumCalls: .max, mappings: mappings)
    #expect(try ResponsesRecord.read(journaled(record, body))?.record.mappings == mappings)
  }

  @Test("a body of the maximum depth is journaled too")
  func depth() throws {
    let depth = JSONValue.maximumDepth - 1
    let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    let body = try object(#"{"input":"hi","x":\#(deep)}"#)
    let record = ResponsesRecord(try ResponsesRequest(body), isWholeTurn: true, functions: [], maximumCalls: .max)
    #expect(try ResponsesRecord.read(journaled(record, body))?.body == body)
  }

  @Test("limit: length of a response's instructions")
  func instructions() async throws {
    let limit = RequestLimits.repeatedInstructions
    let outcomes = try await LimitTable.row("instructions of a response", limit) { offset in
      let text = String(repeating: "x", count: limit + offset)
      return try refusal { _ = try ResponsesRequest(["input": "hi", "instructions": .string(text)]) } ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "400 instructions instructions_too_long"])
  }

  @Test("limit: size of echoed fields")
  func repeated() async throws {
    let limit = RequestLimits.repeatedFields
    let small = JSONValue.object(try ResponsesRequest(["input": "hi", "user": ""]).echo).encoded.count
    let outcomes = try await LimitTable.row("fields a response repeats", limit) { offset in
      let text = String(repeating: "x", count: limit - small + offset)
      return try refusal { _ = try ResponsesRequest(["input": "hi", "user": .string(text)]) } ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "400 - request_too_large"])
  }
}

struct ResponsesInputItemTests {
  private func message(_ json: String) throws -> ChatMessage? {
    try ResponsesInputItem(JSONValue(parsing: json), at: "input[0]").message
  }

  @Test("input items become messages")
  func messages() throws {
    #expect(
      try message(#"{"role":"user","content":[{"type":"input_text","text":"a"}]}"#)
        == ChatMessage(role: .user, text: "a"))
    #expect(
      try message(#"{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"b"}]}"#)
        == ChatMessage(role: .assistant, text: "b"))
    #expect(
      try message(#"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":1}"}"#)
        == ChatMessage(
          role: .assistant, text: "", calls: [ChatToolCall(id: "c", name: "f", arguments: #"{"x":1}"#)]))
    #expect(
      try message(#"{"type":"function_call_output","call_id":"c","output":"sunny"}"#)
        == ChatMessage(role: .tool, text: "sunny", toolCallID: "c"))
    #expect(try message(#"{"type":"reasoning","id":"rs_1","summary":[]}"#) == nil)
  }

  @Test(
    "arguments may be an object, and ids are read in every form",
    arguments: [#""{\"x\":1}""#, #"{"x":1}"#])
  func arguments(arguments: String) throws {
    let call = try message(#"{"type":"function_call","call_id":"call_1","name":"f","arguments":\#(arguments)}"#)
    #expect(call?.calls == [ChatToolCall(id: "toolu_1", name: "f", arguments: #"{"x":1}"#)])
    #expect(
      try message(#"{"type":"function_call_output","call_id":"toolu_1","output":"x"}"#)?.toolCallID == "toolu_1")
    #expect(try message(#"{"type":"function_call","call_id":"c","name":"f","arguments":null}"#)?.calls[0].input == [:])
  }

  @Test(
    "items of tools that another server ran are text or skipped",
    arguments: [
      (#"{"type":"web_search_call","id":"ws_1","status":"completed","action":{"query":"x"}}"#, nil),
      (#"{"type":"file_search_call","queries":["x"],"results":null}"#, nil),
      (#"{"type":"image_generation_call","result":"AAAA"}"#, nil), (#"{"type":"compaction","id":"c"}"#, nil),
      (#"{"type":"mcp_list_tools","tools":[]}"#, nil), (#"{"type":"tool_search_output","tools":[]}"#, nil),
      (
        #"{"type":"mcp_call","name":"f","arguments":"{\"a\":1}","output":"2","error":null}"#,
        "[called f({\"a\":1})]\n2"
      ),
      (
        #"{"type":"code_interpreter_call","code":"print(1)","outputs":[{"type":"logs","logs":"1"}]}"#,
        #"[called python(print(1))]\#n[{"type":"logs","logs":"1"}]"#
      ),
    ])
  func hosted(item: String, text: String?) throws {
    #expect(try message(item) == text.map { ChatMessage(role: .assistant, text: $0) })
  }

  @Test("an unknown item is rejected")
  func unknown() throws {
    #expect(try refusal { _ = try message(#"{"type":"nonsense"}"#) } == "400 input[0] unsupported_item")
  }

  @Test(
    "an approval allows, anything else denies",
    arguments: [
      (#""approve":true"#, "allow"), (#""approve":false"#, "deny"), (#""approve":"yes""#, "deny"),
      (#""approve":false,"reason":"not today""#, "deny: not today"),
    ])
  func decisions(fields: String, words: String) throws {
    #expect(
      try message(#"{"type":"mcp_approval_response","approval_request_id":"approve_1",\#(fields)}"#)
        == ChatMessage(role: .tool, text: words, toolCallID: "approve_1"))
  }

  @Test("an item reference names its item")
  func references() throws {
    let item = try ResponsesInputItem(["type": "item_reference", "id": "msg_ab-cd_2"], at: "input[0]")
    #expect(item.reference == "msg_ab-cd_2" && item.message == nil)
    let owner = try #require(ResponsesIdentity.owner(ofItem: "msg_ab-cd_2"))
    #expect(owner.response == "resp_ab-cd" && owner.index == 2)
    #expect(ResponsesIdentity.owner(ofItem: "msg_abcd") == nil)
    #expect(ResponsesIdentity.owner(ofItem: "msg_ab_x") == nil)
  }

  @Test("input items are listed whole")
  func listed() throws {
    let listed: JSONValue = [
      "role": "user", "content": [["type": "input_text", "text": "hi"]], "type": "message", "id": "in_r_0",
      "status": "completed",
    ]
    #expect(ResponsesInputItem.listed("hi", stem: "r") == [listed])
    #expect(ResponsesInputItem.listed([["role": "user", "content": "hi"]], stem: "r") == [listed])
    #expect(ResponsesInputItem.listed(nil, stem: "r").isEmpty)
  }
}
