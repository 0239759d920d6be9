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

struct MessagesContentTests {
  private func content(_ text: String) throws -> MessagesContent {
    try MessagesContent(JSONValue(parsing: text), at: "c")
  }

  @Test("content may be missing, a string, or blocks")
  func forms() throws {
    for nothing in ["null", #""""#, "[]", #"[{"type":"text","text":""}]"#] {
      #expect(try content(nothing).said.isEmpty)
    }
    #expect(try content(#""a""#).said == [.text("a")])
    #expect(try content(#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#).said == [.text("a"), .text("b")])
  }

  @Test("text, calls and results are separated")
  func parts() throws {
    let content = try content(
      #"[{"type":"tool_use","id":"a","name":"f"},{"type":"text","text":"t"},{"type":"tool_result","tool_use_id":"b"}]"#)
    #expect(content.said == [.text("t")])
    #expect(content.calls == [ChatToolCall(id: "a", name: "f", arguments: "{}")])
    #expect(content.results.map(\.id) == ["b"])
  }

  @Test("instructions are text only")
  func instructions() throws {
    #expect(try content(#""a""#).instructions(at: "c") == [.text("a")])
    let image = #"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]"#
    #expect(try content(image).plain(at: "c") == [.image(mediaType: "image/png", base64: "AAAA")])
    #expect(try refusal { _ = try content(image).instructions(at: "c") } == "400 c -")
    #expect(try refusal { _ = try content(#"[{"type":"tool_use","id":"a","name":"f"}]"#).plain(at: "c") } == "400 c -")
  }
}
