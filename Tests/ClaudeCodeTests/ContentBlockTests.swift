import Bytes
import Testing

@testable import ClaudeCode

struct ContentBlockTests {
  @Test(
    "content blocks survive encoding and decoding",
    arguments: [
      (.text("a\n"), #"{"type":"text","text":"a\n"}"#),
      (
        .image(mediaType: "image/png", base64: "AAAA"),
        #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}"#
      ),
      (
        .toolUse(id: "c", name: "mcp__client__f", input: ["a": 1]),
        #"{"type":"tool_use","id":"c","name":"mcp__client__f","input":{"a":1}}"#
      ),
      (
        .toolResult(id: "c", content: [.text("r")], isError: true),
        #"{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"r"}],"is_error":true}"#
      ),
    ] as [(ContentBlock, String)])
  func roundTrip(block: ContentBlock, json: String) throws {
    #expect(block.json.text == json)
    #expect(ContentBlock(try JSONValue(parsing: json)) == block)
  }

  @Test(
    "unknown and incomplete blocks are rejected",
    arguments: [
      #"{"type":"document"}"#, #"{"type":"text"}"#, #"{"type":"image","source":{"type":"url","url":"x"}}"#,
      #"{"type":"tool_use","id":"c"}"#, #"{"type":"tool_result"}"#, "7", "{}",
    ])
  func unknown(json: String) throws {
    #expect(ContentBlock(try JSONValue(parsing: json)) == nil)
  }

  @Test("content is a string or blocks; unknown blocks are skipped")
  func list() throws {
    #expect(ContentBlock.list("a") == [.text("a")])
    #expect(ContentBlock.list("").isEmpty && ContentBlock.list(nil).isEmpty && ContentBlock.list([:]).isEmpty)
    let blocks = try JSONValue(parsing: #"[{"type":"text","text":"a"},{"type":"x"},7,{"type":"text","text":""}]"#)
    #expect(ContentBlock.list(blocks) == [.text("a"), .text("")])
  }

  @Test("a message's text joins its text blocks")
  func message() {
    let message = ConversationMessage(
      .user, [.text("a"), .image(mediaType: "image/png", base64: "AAAA"), .text("b")])
    #expect(message.text == "a\nb")
  }
}
