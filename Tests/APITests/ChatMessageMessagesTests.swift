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

struct ChatMessageMessagesTests {
  private func list(_ message: String) throws -> [ChatMessage] {
    try ChatMessage.list(JSONValue(parsing: message), at: "messages[1]")
  }

  @Test("a string and a text block mean the same")
  func text() throws {
    for content in [#""hi""#, #"[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]"#] {
      #expect(try list(#"{"role":"user","content":\#(content)}"#) == [ChatMessage(role: .user, text: "hi")])
    }
  }

  @Test("text, images and documents keep their order")
  func user() throws {
    let message = #"""
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":""},
      {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
      {"type":"document","title":"t","source":{"type":"text","media_type":"text/plain","data":"d"}},
      {"type":"document","source":{"type":"content","content":[{"type":"text","text":"e"}]}}]}
      """#
    #expect(
      try list(message) == [
        ChatMessage(
          role: .user,
          content: [.text("a"), .image(mediaType: "image/png", base64: "AAAA"), .text("t"), .text("d"), .text("e")])
      ])
  }

  @Test("tool results are separate messages before the user's text, and keep their error flag")
  func results() throws {
    let message = #"""
      {"role":"user","content":[{"type":"text","text":"so?"},
      {"type":"tool_result","tool_use_id":"a","content":"one"},
      {"type":"tool_result","tool_use_id":"b","is_error":true,"content":[{"type":"text","text":"two"},
      {"type":"image","source":{"type":"base64","media_type":"image/gif","data":"BBBB"}}]},
      {"type":"tool_result","tool_use_id":"c"}]}
      """#
    let read = try list(message)
    #expect(
      read == [
        ChatMessage(role: .tool, content: [.text("one")], toolCallID: "a"),
        ChatMessage(
          role: .tool, content: [.text("two"), .image(mediaType: "image/gif", base64: "BBBB")], toolCallID: "b",
          isError: true),
        ChatMessage(role: .tool, content: [], toolCallID: "c"), ChatMessage(role: .user, content: [.text("so?")]),
      ])
    #expect(
      ChatHistory(read).results["b"]
        == FunctionResult([.text("two"), .image(mediaType: "image/gif", base64: "BBBB")], isError: true))
    #expect(
      read[1].conversationMessage.content == [
        .toolResult(
          id: "b", content: [.text("two"), .image(mediaType: "image/gif", base64: "BBBB")], isError: true)
      ])
  }

  @Test("assistant text blocks are joined, thinking is dropped, and calls are kept")
  func assistant() throws {
    let message = #"""
      {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""},{"type":"text","text":"a"},
      {"type":"redacted_thinking","data":"x"},{"type":"text","text":"b"},
      {"type":"tool_use","id":"c","name":"f","input":{"x":1.50}}]}
      """#
    #expect(
      try list(message) == [
        ChatMessage(
          role: .assistant, text: "ab", calls: [ChatToolCall(id: "c", name: "f", arguments: #"{"x":1.50}"#)])
      ])
  }

  @Test("what Anthropic's own tools left in an answer is left out, and other servers' calls are text")
  func hostedTools() throws {
    let message = #"""
      {"role":"assistant","content":[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"x"}},
      {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"u"}]},
      {"type":"code_execution_tool_result","tool_use_id":"s","content":{"stdout":"1"}},{"type":"text","text":"a"},
      {"type":"container_upload","file_id":"f"},{"type":"tool_search_tool_result","content":{}},
      {"type":"mcp_tool_use","id":"m","name":"f","server_name":"s","input":{"a":1}},
      {"type":"mcp_tool_result","tool_use_id":"m","content":[{"type":"text","text":"2"}]},{"type":"fallback"}]}
      """#
    #expect(try list(message) == [ChatMessage(role: .assistant, text: "a\n[called f({\"a\":1})]\n\n2\n")])
  }

  @Test("references to tools and uploads become text, search results and PDFs pass")
  func references() throws {
    let message = #"""
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[
      {"type":"tool_reference","tool_name":"f"},{"type":"tool_reference","tool_name":"g"},
      {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQ="}},
      {"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]}]},
      {"type":"container_upload","file_id":"f"}]}
      """#
    #expect(
      try list(message) == [
        ChatMessage(
          role: .tool,
          content: [
            .text("f is loaded"), .text("g is loaded"), .document(base64: "JVBERi0xLjQ=", title: nil),
            .searchResult(source: "s", title: "t", texts: ["x"]),
          ], toolCallID: "toolu_1"),
        ChatMessage(role: .user, content: [.text("[a file in a container was left out]")]),
      ])
  }

  @Test("a call's input may be JSON text, and ids of OpenAI's form are the same")
  func inputs() throws {
    let message = #"""
      {"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"f","input":"{\"a\":1}"},
      {"type":"tool_use","id":"toolu_2","name":"f","input":""}]}
      """#
    #expect(
      try list(message)[0].calls == [
        ChatToolCall(id: "toolu_1", name: "f", arguments: #"{"a":1}"#),
        ChatToolCall(id: "toolu_2", name: "f", arguments: "{}"),
      ])
  }

  @Test("instructions may come between messages")
  func system() throws {
    #expect(try list(#"{"role":"system","content":"s"}"#) == [ChatMessage(role: .system, text: "s")])
  }

  @Test(
    "blocks in the wrong role are rejected",
    arguments: [
      ("7", "400 messages[1] -"), (#"{"content":"x"}"#, "400 messages[1].role -"),
      (#"{"role":"developer","content":"x"}"#, "400 messages[1].role -"),
      (#"{"role":"user","content":7}"#, "400 messages[1].content -"),
      (#"{"role":"user","content":["x"]}"#, "400 messages[1].content[0] unsupported_content"),
      (#"{"role":"user","content":[{"type":"text"}]}"#, "400 messages[1].content[0].text -"),
      (
        #"{"role":"user","content":[{"type":"server_tool_use","id":"a"}]}"#,
        "400 messages[1].content[0] unsupported_content"
      ),
      (
        #"{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://x"}}]}"#,
        "400 messages[1].content[0] -"
      ),
      (
        #"{"role":"user","content":[{"type":"document","source":{"type":"base64","data":"AAAA"}}]}"#,
        "400 messages[1].content[0].source unsupported_file"
      ),
      (
        #"{"role":"user","content":[{"type":"document","source":{"type":"text"}}]}"#,
        "400 messages[1].content[0].source.data -"
      ),
      (
        #"{"role":"user","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}"#,
        "400 messages[1].content -"
      ),
      (
        #"{"role":"assistant","content":[{"type":"tool_result","tool_use_id":"a"}]}"#, "400 messages[1].content -"
      ),
      (
        #"{"role":"assistant","content":[{"type":"tool_use","id":"","name":"f","input":{}}]}"#,
        "400 messages[1].content[0].id -"
      ),
      (
        #"{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":[]}]}"#,
        "400 messages[1].content[0].input -"
      ),
      (
        #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_result"}]}]}"#,
        "400 messages[1].content[0].content[0].tool_use_id -"
      ),
      (
        #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"#
          + #"[{"type":"tool_result","tool_use_id":"b"}]}]}"#, "400 messages[1].content[0].content -"
      ),
      (
        #"{"role":"system","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}"#,
        "400 messages[1].content -"
      ),
    ])
  func refused(message: String, expected: String) throws {
    #expect(try refusal { _ = try list(message) } == expected)
  }
}
