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

struct ChatMessageTests {
  @Test(
    "messages of real clients are accepted",
    arguments: [
      (#"{"role":"user","content":"a"}"#, .user, "a"), (#"{"content":null,"role":"assistant"}"#, .assistant, ""),
      (#"{"role":"system"}"#, .system, ""), (#"{"role":"developer","content":[]}"#, .developer, ""),
      (#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#, .user, "a\nb"),
      (#"{"role":"user","content":[{"type":"input_text","text":"a"}],"name":"x"}"#, .user, "a"),
      (
        #"{"role":"assistant","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"b"}]}"#,
        .assistant, "a\nb"
      ),
      (#"{"role":"user","content":["a","b"]}"#, .user, "a\nb"),
      (#"{"role":"tool","content":"r","tool_call_id":"c"}"#, .tool, "r"),
      (#"{"role":"function","name":"f","content":"r"}"#, .tool, "r"),
      (#"{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"a"}]}]}"#, .user, "a"),
      (#"{"role":"user","content":[{"type":"tool_result"}]}"#, .user, ""),
    ] as [(String, ChatMessage.Role, String)])
  func accepted(message: String, role: ChatMessage.Role, text: String) throws {
    let read = try ChatMessage(JSONValue(parsing: message), at: "messages[0]")
    #expect(read.role == role)
    #expect(read.text == text)
  }

  @Test(
    "other messages are rejected with their position",
    arguments: [
      ("7", "400 messages[2] -"), ("null", "400 messages[2] -"), ("{}", "400 messages[2].role -"),
      (#"{"role":"robot","content":"x"}"#, "400 messages[2].role -"), (#"{"role":1}"#, "400 messages[2].role -"),
      (#"{"role":"User"}"#, "400 messages[2].role -"), (#"{"role":"user","content":7}"#, "400 messages[2].content -"),
      (#"{"role":"user","content":{"type":"text"}}"#, "400 messages[2].content -"),
      (#"{"role":"user","content":["a",{"type":"text","text":1}]}"#, "400 messages[2].content[1].text -"),
      (#"{"role":"tool","content":"r"}"#, "400 messages[2].tool_call_id -"),
      (#"{"role":"assistant","tool_calls":[{"function":{"name":"f"}}]}"#, "400 messages[2].tool_calls[0].id -"),
      (
        #"{"role":"assistant","tool_calls":[{"id":"c","function":{}}]}"#,
        "400 messages[2].tool_calls[0].function.name -"
      ),
      (#"{"role":"user","content":[{"type":"input_audio"}]}"#, "400 messages[2].content[0] unsupported_content"),
      (#"{"role":"user","content":[7]}"#, "400 messages[2].content[0] unsupported_content"),
      (
        #"{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}]}]}"#,
        "400 messages[2].content[0].content[0] -"
      ),
    ])
  func refused(message: String, expected: String) throws {
    #expect(try refusal { _ = try ChatMessage(JSONValue(parsing: message), at: "messages[2]") } == expected)
  }

  @Test(
    "arguments given as an object are taken as they are",
    arguments: [
      (#"{"city":"Ulm"}"#, ["city": "Ulm"]), (#""{\"city\":\"Ulm\"}""#, ["city": "Ulm"]), ("null", [:]), ("{}", [:]),
      ("[1]", ["arguments": [1]]),
    ] as [(String, JSONValue)])
  func argumentsAsObject(arguments: String, input: JSONValue) throws {
    let function = #"{"name":"f","arguments":\#(arguments)}"#
    for calls in [#""tool_calls":[{"id":"call_1","function":\#(function)}]"#, #""function_call":\#(function)"#] {
      let read = try ChatMessage(JSONValue(parsing: #"{"role":"assistant",\#(calls)}"#), at: "m")
      #expect(read.calls.map(\.input) == [input])
    }
  }

  @Test("ids of Anthropic's form are the same as OpenAI's")
  func ids() throws {
    for id in ["call_1", "toolu_1"] {
      let call = #"{"role":"assistant","tool_calls":[{"id":"\#(id)","function":{"name":"f","arguments":"{}"}}]}"#
      #expect(try ChatMessage(JSONValue(parsing: call), at: "m").calls[0].id == "toolu_1")
      let result = #"{"role":"tool","tool_call_id":"\#(id)","content":"x"}"#
      #expect(try ChatMessage(JSONValue(parsing: result), at: "m").toolCallID == "toolu_1")
    }
  }

  @Test("calls and results become content blocks")
  func calls() throws {
    let message = #"""
      {"role":"assistant","content":"so","tool_calls":[{"id":"c","type":"function","function":
      {"name":"f","arguments":"{\"a\":1}"}},{"id":"d","function":{"name":"g","arguments":""}},
      {"id":"e","function":{"name":"h","arguments":"7"}},{"id":"x","function":{"name":"i","arguments":"{broken"}}]}
      """#
    let read = try ChatMessage(JSONValue(parsing: message), at: "m")
    #expect(
      read.conversationMessage
        == ConversationMessage(
          .assistant,
          [
            .text("so"), .toolUse(id: "c", name: "mcp__client__f", input: ["a": 1]),
            .toolUse(id: "d", name: "mcp__client__g", input: [:]),
            .toolUse(id: "e", name: "mcp__client__h", input: ["arguments": 7]),
            .toolUse(id: "x", name: "mcp__client__i", input: ["arguments": "{broken"]),
          ]))
    let result = try ChatMessage(
      JSONValue(parsing: #"{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"r"}]}"#), at: "m")
    #expect(
      result.conversationMessage
        == ConversationMessage(.user, [.toolResult(id: "c", content: [.text("r")], isError: false)]))
  }

  @Test("a call in the old form matches its result without an id")
  func oldForm() throws {
    let call = try ChatMessage(
      JSONValue(parsing: #"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}}"#), at: "m"
    )
    let result = try ChatMessage(JSONValue(parsing: #"{"role":"function","name":"f","content":"r"}"#), at: "m")
    #expect(call.calls.map(\.id) == [result.toolCallID])
  }
}
