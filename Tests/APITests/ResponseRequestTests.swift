import Bytes
import EventLoop
import HTTP
import HTTPServer
import Identity
import Storage
import Telemetry
import TestSupport
import Testing

@testable import API
@testable import ClaudeCode

struct ResponseRequestTests {
  @Test("little is needed")
  func least() throws {
    let request = try ResponseRequest(object(#"{"input":"hi"}"#))
    #expect(request.model == "claude-code" && request.isStored)
    #expect(!request.isStreamed && !request.isBackground)
    #expect(request.input.compactMap(\.message) == [ChatMessage(role: .user, text: "hi")])
    #expect(request.stage.isEmpty && request.previousID == nil)
    #expect(request.echo["text"] == ["format": ["type": "text"]])
    #expect(request.echo["tools"] == [] && request.echo["store"] == true && request.echo["instructions"] == .null)
  }

  @Test("what is asked for is used, and repeated")
  func fields() throws {
    let request = try ResponseRequest(
      object(
        #"""
        {"input":[],"model":"opus","instructions":"be brief","previous_response_id":"resp_1","stream":true,
        "background":true,"reasoning":{"effort":"high"},"metadata":{"workspace":"demo","a":"b"},"temperature":0.5,
        "tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":"required","max_output_tokens":7,
        "text":{"verbosity":"low","format":{"type":"json_schema","name":"x","schema":{"type":"object"}}}}
        """#))
    #expect(request.stage == [ChatMessage(role: .system, text: "be brief")])
    #expect(request.previousID == "resp_1" && request.isStreamed && request.isBackground)
    #expect(request.options.effort == .high && request.options.workspace == "demo" && request.options.model == "opus")
    #expect(request.format == .structured(schema: ["type": "object"]))
    #expect(request.form(of: "resp_9") == .call([FunctionDeclaration(name: "f")], id: "call_9"))
    for name in ["model", "metadata", "temperature", "tool_choice", "max_output_tokens", "reasoning", "text"] {
      #expect(request.echo[name] == request.body[name])
    }
  }

  @Test(
    "what cannot be done is said",
    arguments: [
      (#"{}"#, "400 input -"), (#"{"input":7}"#, "400 input -"), (#"{"input":[7]}"#, "400 input[0] -"),
      (#"{"input":[{"type":"computer_call"}]}"#, "400 input[0] unsupported_item"),
      (#"{"input":[{"role":"bear","content":"x"}]}"#, "400 input[0].role -"),
      (#"{"input":[{"type":"function_call_output","output":"x"}]}"#, "400 input[0].call_id -"),
      (#"{"input":[{"type":"item_reference"}]}"#, "400 input[0].id -"),
      (#"{"input":"x","conversation":"conv_1"}"#, "400 conversation unsupported_parameter"),
      (#"{"input":"x","prompt":{"id":"p"}}"#, "400 prompt unsupported_parameter"),
      (#"{"input":"x","background":true,"store":false}"#, "400 store -"),
      (#"{"input":"x","stream":"yes"}"#, "400 stream -"),
      (#"{"input":"x","reasoning":{"effort":"a lot"}}"#, "400 reasoning.effort -"),
      (#"{"input":"x","tools":[{"type":"web_search"}]}"#, "400 tools[0].type unsupported_parameter"),
      (#"{"input":"x","text":{"format":{"type":"xml"}}}"#, "400 text.format.type -"),
    ])
  func refused(body: String, expected: String) throws {
    #expect(try refusal { _ = try ResponseRequest(object(body)) } == expected)
  }

  @Test("what is kept of a request is read again")
  func record() throws {
    var turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/")
    turn.functions = [FunctionDeclaration(name: "f")]
    turn.maximumCalls = 1
    let record = ResponseRecord(try ResponseRequest(object(#"{"input":"hi"}"#)), isWholeTurn: false, turn)
    let read = try #require(try ResponseRecord(record.json))
    #expect(read.wanted == record.wanted && !read.isWholeTurn)
    #expect(read.functions == ["f"] && read.maximumCalls == 1)
    #expect(try ResponseRecord(["x": 1]) == nil)
  }

  @Test("a body that is as deep as may be is kept, too")
  func depth() throws {
    let depth = JSONValue.maximumDepth - 1
    let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    let body = try object(#"{"input":"hi","x":\#(deep)}"#)
    let turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/")
    let record = ResponseRecord(try ResponseRequest(body), isWholeTurn: true, turn)
    let description = RunDescription(
      id: "r", surface: "response", principal: "me", requestID: "q", createdAt: 1, request: record.json)
    let request = try #require(RunDescription.request(in: description.json.encoded))
    #expect(try ResponseRecord(request)?.wanted.body == body)
  }
}

struct ResponseInputItemTests {
  private func message(_ json: String) throws -> ChatMessage? {
    try ResponseInputItem(JSONValue(parsing: json), at: "input[0]").message
  }

  @Test("items are messages of the conversation")
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
    "an approval allows, and everything else denies",
    arguments: [
      (#""approve":true"#, "allow"), (#""approve":false"#, "deny"), (#""approve":"yes""#, "deny"),
      (#""approve":false,"reason":"not today""#, "deny: not today"),
    ])
  func decisions(fields: String, words: String) throws {
    #expect(
      try message(#"{"type":"mcp_approval_response","approval_request_id":"approve_1",\#(fields)}"#)
        == ChatMessage(role: .tool, text: words, toolCallID: "approve_1"))
  }

  @Test("an item that stands for another says which")
  func references() throws {
    let item = try ResponseInputItem(["type": "item_reference", "id": "msg_ab-cd_2"], at: "input[0]")
    #expect(item.reference == "msg_ab-cd_2" && item.message == nil)
    let owner = try #require(ResponseIdentity.owner(ofItem: "msg_ab-cd_2"))
    #expect(owner.response == "resp_ab-cd" && owner.index == 2)
    #expect(ResponseIdentity.owner(ofItem: "msg_abcd") == nil)
    #expect(ResponseIdentity.owner(ofItem: "msg_ab_x") == nil)
  }

  @Test("items are listed whole")
  func listed() throws {
    #expect(
      try ResponseInputItem.list("hi")[0].listed(as: "in_1")
        == [
          "type": "message", "role": "user", "content": [["type": "input_text", "text": "hi"]], "id": "in_1",
          "status": "completed",
        ])
  }
}
