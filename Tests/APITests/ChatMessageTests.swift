import Bytes
import Testing

@testable import API

struct ChatMessageTests {
  @Test(
    "what real clients send is taken",
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
      (#"{"role":"function","content":"r"}"#, .tool, "r"),
      (#"{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"a"}]}]}"#, .user, "a"),
      (#"{"role":"user","content":[{"type":"tool_result"}]}"#, .user, ""),
    ] as [(String, ChatMessage.Role, String)])
  func accepted(message: String, role: ChatMessage.Role, text: String) throws {
    let read = try ChatMessage(JSONValue(parsing: message), at: "messages[0]")
    #expect(read == ChatMessage(role: role, text: text))
  }

  @Test(
    "the rest is refused with its place",
    arguments: [
      ("7", "400 messages[2] -"), ("null", "400 messages[2] -"), ("{}", "400 messages[2].role -"),
      (#"{"role":"robot","content":"x"}"#, "400 messages[2].role -"), (#"{"role":1}"#, "400 messages[2].role -"),
      (#"{"role":"User"}"#, "400 messages[2].role -"), (#"{"role":"user","content":7}"#, "400 messages[2].content -"),
      (#"{"role":"user","content":{"type":"text"}}"#, "400 messages[2].content -"),
      (#"{"role":"user","content":["a",{"type":"text","text":1}]}"#, "400 messages[2].content[1].text -"),
      (
        #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:"}}]}"#,
        "400 messages[2].content[0] unsupported_content"
      ),
      (#"{"role":"user","content":[{"type":"input_audio"}]}"#, "400 messages[2].content[0] unsupported_content"),
      (#"{"role":"user","content":[7]}"#, "400 messages[2].content[0] unsupported_content"),
      (
        #"{"role":"user","content":[{"type":"tool_result","content":[{"type":"image"}]}]}"#,
        "400 messages[2].content[0].content[0] unsupported_content"
      ),
    ])
  func refused(message: String, expected: String) throws {
    #expect(try refusal { _ = try ChatMessage(JSONValue(parsing: message), at: "messages[2]") } == expected)
  }

  @Test("calls of an assistant message are kept in words")
  func calls() throws {
    let message = #"""
      {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":
      {"name":"f","arguments":"{\"a\":1}"}},{"function":{"name":"g"}},{"function":{}},7]}
      """#
    #expect(try ChatMessage(JSONValue(parsing: message), at: "m").calls == [#"f({"a":1})"#, "g()"])
  }
}
