import Bytes
import TestSupport
import Testing

@testable import ClaudeCode

struct StreamMessageTests {
  @Test(
    "the kind is found wherever `type` is",
    arguments: [
      (#"{"type":"system","subtype":"init"}"#, .system), (#"{"subtype":"init","type":"system"}"#, .system),
      (#"{"event":{"type":"result"},"type":"stream_event"}"#, .streamEvent), (#"{"type":"assistant"}"#, .assistant),
      (#"{"message":{"type":"assistant"},"type":"user"}"#, .user),
      (#"{"duration_api_ms":7,"stop_reason":null,"type":"result"}"#, .result),
      (#"{"type":"control_request"}"#, .controlRequest), (#"{"type":"control_response"}"#, .controlResponse),
      (#"{"type":"control_cancel_request"}"#, .controlCancelRequest),
      (#"{"type":"transcript_mirror"}"#, .transcriptMirror),
      (" { \"type\" :\t\"user\" } ", .user),
    ] as [(String, StreamMessage.Kind)])
  func kinds(line: String, kind: StreamMessage.Kind) {
    #expect(scan(line)?.kind == kind)
  }

  @Test(
    "unknown types have the kind other",
    arguments: [
      "{}", #"{"type":"rate_limit_event"}"#, #"{"type":"attachment"}"#, #"{"type":"User"}"#, #"{"type":"use"}"#,
      #"{"type":"sistem"}"#, #"{"type":"resulT"}"#, #"{"type":"assistent"}"#, #"{"type":"stream_evento"}"#,
      #"{"type":"control_respons3"}"#, #"{"type":null}"#, #"{"type":7}"#, #"{"type":["user"]}"#, #"{"kind":"user"}"#,
      #"{"data":{"type":"user"}}"#,
    ])
  func unknown(line: String) {
    #expect(scan(line)?.kind == .other)
  }

  @Test(
    "anything but a JSON object is rejected",
    arguments: [
      "", " ", "7", "null", "[]", "\"type\"", "Warning: x", "{", "}", #"{"type":"user"#, #"{"type":"user"}}"#,
      #"{"type":"user"} x"#, #"{"type""user"}"#, #"{"type":}"#, #"{type:"user"}"#, #"{"a":"b"#, "{\"a\":\"\u{1}\"}",
      #"{"a":[1,{"b":2}"#,
    ])
  func junk(line: String) {
    #expect(scan(line) == nil)
  }

  @Test("parts of a line are found by their ranges")
  func parts() throws {
    let line = #"{"session_id":"abc","message":{"a":[1]},"event": 7 ,"subtype":"init","type":"system"}"#
    let message = try #require(scan(line))
    #expect(part(message.sessionID, line) == "abc")
    #expect(part(message.message, line) == #"{"a":[1]}"#)
    #expect(part(message.event, line) == "7")
    #expect(part(message.subtype, line) == "init")
  }

  @Test("parts of the wrong type are missing")
  func wrongTypes() throws {
    let message = try #require(scan(#"{"session_id":7,"subtype":null,"type":"system","x":{"message":1,"event":2}}"#))
    #expect(message.sessionID == nil)
    #expect(message.subtype == nil)
    #expect(message.message == nil)
    #expect(message.event == nil)
  }

  @Test(
    "a subagent's line is recognised by its parent",
    arguments: [
      (#"{"type":"assistant","parent_tool_use_id":"toolu_1"}"#, true),
      (#"{"type":"assistant","parent_tool_use_id":null}"#, false), (#"{"type":"assistant"}"#, false),
      (#"{"type":"assistant","message":{"parent_tool_use_id":"x"}}"#, false),
    ])
  func subagents(line: String, isFromSubagent: Bool) {
    #expect(scan(line)?.isFromSubagent == isFromSubagent)
  }

  @Test("scanning agrees with the JSON parser on every recorded line", arguments: Recording.all)
  func recorded(recording: Recording) throws {
    #expect(!recording.lines.isEmpty)
    for line in recording.lines {
      let text = String(decoding: line, as: UTF8.self)
      let value = try JSONValue(parsing: line)
      let message = try #require(scan(text))
      #expect(message.kind == Self.kind(value["type"]?.string ?? ""))
      #expect(part(message.subtype, text) == value["subtype"]?.string)
      #expect(part(message.sessionID, text) == value["session_id"]?.string)
      #expect(try decoded(message.event, line) == value["event"])
      #expect(try decoded(message.message, line) == value["message"])
      #expect(!message.isFromSubagent)
    }
  }

  private static func kind(_ type: String) -> StreamMessage.Kind {
    switch type {
    case "system": .system
    case "stream_event": .streamEvent
    case "assistant": .assistant
    case "user": .user
    case "result": .result
    case "control_request": .controlRequest
    case "control_response": .controlResponse
    default: .other
    }
  }

  @Test("the last value of a repeated key counts")
  func repeatedKeys() {
    let line =
      #"{"type":"user","subtype":"a","session_id":"s","parent_tool_use_id":"t","#
      + #""type":1,"subtype":null,"session_id":{},"parent_tool_use_id":null}"#
    #expect(scan(line) == scan("{}"))
    #expect(scan(#"{"type":1,"type":"user"}"#)?.kind == .user)
  }

  private func scan(_ line: String) -> StreamMessage? { StreamMessage(scanning: Array(line.utf8).span) }

  private func part(_ range: Range<Int>?, _ line: String) -> String? {
    range.map { String(decoding: Array(line.utf8)[$0], as: UTF8.self) }
  }

  private func decoded(_ range: Range<Int>?, _ line: [UInt8]) throws -> JSONValue? {
    try range.map { try JSONValue(parsing: Array(line[$0])) }
  }
}
