import Bytes
import Testing

@testable import ClaudeCode

struct UpstreamEventTests {
  @Test(
    "event kinds are recognised",
    arguments: [
      (#"{"type":"message_start","message":{}}"#, .messageStart),
      (#"{"index":0,"type":"content_block_start"}"#, .blockStart),
      (#"{"type":"content_block_delta"}"#, .blockDelta), (#"{"type":"content_block_stop"}"#, .blockStop),
      (#"{"type":"message_delta"}"#, .messageDelta), (#"{"type":"message_stop"}"#, .messageStop),
      (#"{"type":"ping"}"#, .other), (#"{"type":"error","error":{}}"#, .other), ("{}", .other),
      (#"{"type":7}"#, .other),
      (#"{"type":"content_block_deltas"}"#, .other),
    ] as [(String, UpstreamEvent.Kind)])
  func kinds(event: String, kind: UpstreamEvent.Kind) throws {
    #expect(try scan(event).kind == kind)
  }

  @Test(
    "a delta's text is found in escaped form, whatever the key order",
    arguments: [
      (#"{"type":"text_delta","text":"a\n\"b"}"#, .text, #"a\n\"b"#), (#"{"text":"","type":"text_delta"}"#, .text, ""),
      (#"{"thinking":"t","type":"thinking_delta"}"#, .thinking, "t"),
      (#"{"type":"text_delta","text":"text_delta"}"#, .text, "text_delta"),
      (#"{"type":"input_json_delta","partial_json":"{\"text\":"}"#, .input, #"{\"text\":"#),
      (#"{"type":"thinking_delta","thinking":"\u0041"}"#, .thinking, #"\u0041"#),
    ] as [(String, UpstreamEvent.DeltaKind, String)])
  func pieces(delta: String, kind: UpstreamEvent.DeltaKind, piece: String) throws {
    let event = #"{"type":"content_block_delta","index":0,"delta":\#(delta)}"#
    let scanned = try scan(event)
    #expect(scanned.deltaKind == kind)
    #expect(part(scanned.deltaText, event) == piece)
  }

  @Test(
    "other deltas have no text",
    arguments: [
      #"{"type":"signature_delta","signature":"x"}"#,
      #"{"type":"text_delta","text":7}"#, #"{"type":"text_delta"}"#,
      #"{"type":"citations_delta","citation":{"text":"x"}}"#,
      "{}",
    ])
  func strangers(delta: String) throws {
    #expect(try scan(#"{"type":"content_block_delta","delta":\#(delta)}"#).deltaText == nil)
  }

  @Test("a message end has its stop reason, unless it was interrupted")
  func stopReasons() throws {
    let end = #"{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"a":1}}"#
    let scanned = try scan(end)
    #expect(part(scanned.stopReason, end) == "max_tokens")
    #expect(part(scanned.usage, end) == #"{"a":1}"#)
    #expect(try scan(#"{"type":"message_delta","delta":{"stop_reason":null}}"#).stopReason == nil)
  }

  @Test("blocks and messages are found as ranges")
  func parts() throws {
    let start = #"{"type":"content_block_start","content_block":{"type":"text"},"message":{"id":"m"}}"#
    let scanned = try scan(start)
    #expect(part(scanned.contentBlock, start) == #"{"type":"text"}"#)
    #expect(part(scanned.message, start) == #"{"id":"m"}"#)
  }

  @Test("ranges are relative to the whole line")
  func inALine() throws {
    let event = #"{"type":"content_block_delta","delta":{"type":"text_delta","text":"x"}}"#
    let line = #"{"type":"stream_event","event":\#(event),"after":"y"}"#
    let start = line.utf8.count - event.utf8.count - #","after":"y"}"#.utf8.count
    let bytes = Array(line.utf8)
    var cursor = JSONCursor(at: start)
    let scanned = try UpstreamEvent(scanning: &cursor, of: bytes.span)
    #expect(part(scanned.deltaText, line) == "x")
    #expect(cursor.position == start + event.utf8.count)
  }

  @Test(
    "anything but an event is rejected",
    arguments: ["7", "null", "[]", "\"x\"", #"{"type""#, #"{"delta":{"text":"x"}"#])
  func refused(event: String) {
    #expect(throws: JSONSyntaxError.self) { try scan(event) }
  }

  @Test("a delta that is no object is empty", arguments: ["7", "[]", "null", #""text""#])
  func emptyDelta(delta: String) throws {
    let scanned = try scan(#"{"delta":{"type":"text_delta","text":"x"},"delta":\#(delta),"type":"message_stop"}"#)
    #expect(scanned.kind == .messageStop)
    #expect(scanned.deltaKind == .other)
    #expect(scanned.deltaText == nil)
  }

  private func scan(_ event: String) throws -> UpstreamEvent {
    let bytes = Array(event.utf8)
    var cursor = JSONCursor()
    return try UpstreamEvent(scanning: &cursor, of: bytes.span)
  }

  private func part(_ range: Range<Int>?, _ line: String) -> String? {
    range.map { String(decoding: Array(line.utf8)[$0], as: UTF8.self) }
  }
}
