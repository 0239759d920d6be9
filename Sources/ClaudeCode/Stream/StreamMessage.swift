import Bytes

/// One line of the CLI's output: its kind, and the ranges of the parts that decide what happens to it.
///
/// Nothing is decoded. Ranges are byte offsets into the scanned line; ranges of strings lie between the quotes. `type`
/// is often not the first key (`result` begins with `duration_api_ms`), so the whole line is scanned.
public struct StreamMessage: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case system
    case streamEvent
    case assistant
    case user
    case result
    case controlRequest
    case controlResponse
    case controlCancelRequest
    case transcriptMirror
    /// A type this server does not know: kept on the raw stream, ignored by translations.
    case other
  }

  public private(set) var kind = Kind.other
  public private(set) var subtype: Range<Int>?
  public private(set) var sessionID: Range<Int>?
  /// The upstream's own event, in a `stream_event` line.
  public private(set) var event: Range<Int>?
  /// The contents of the event, read in the same pass.
  private(set) var upstreamEvent: UpstreamEvent?
  /// The message of an `assistant` or `user` line.
  public private(set) var message: Range<Int>?
  /// Whether a subagent emitted it (`parent_tool_use_id` is not null): it is not part of the answer.
  public private(set) var isFromSubagent = false

  /// Nil for a line that is not a JSON object.
  public init?(scanning line: Span<UInt8>) {
    do {
      var cursor = JSONCursor()
      try cursor.enterObject(line)
      while let key = try cursor.nextKey(line) {
        if key.count == 5, line.matches(key, "event") {
          try scanEvent(&cursor, line)
        } else {
          note(key, try cursor.value(line), line)
        }
      }
      guard cursor.peek(line) == nil else { return nil }
    } catch {
      return nil
    }
  }

  private mutating func scanEvent(_ cursor: inout JSONCursor, _ line: Span<UInt8>) throws(JSONSyntaxError) {
    guard cursor.peek(line) == Ascii.openBrace else {
      upstreamEvent = nil
      event = try cursor.value(line)
      return
    }
    let start = cursor.position
    upstreamEvent = try UpstreamEvent(scanning: &cursor, of: line)
    event = start..<cursor.position
  }

  private mutating func note(_ key: Range<Int>, _ value: Range<Int>, _ line: Span<UInt8>) {
    let isString = line[value.lowerBound] == Ascii.quote
    // The last value of a repeated key counts, as in JSONValue. The length is compared first: most keys of a line are
    // none of these.
    switch key.count {
    case 4 where line.matches(key, "type"): kind = isString ? StreamMessage.kind(line, inside(value)) : .other
    case 7 where line.matches(key, "subtype"): subtype = isString ? inside(value) : nil
    case 7 where line.matches(key, "message"): message = value
    case 10 where line.matches(key, "session_id"): sessionID = isString ? inside(value) : nil
    case 18 where line.matches(key, "parent_tool_use_id"): isFromSubagent = isString
    default: break
    }
  }

  private static func kind(_ line: Span<UInt8>, _ type: Range<Int>) -> Kind {
    switch type.count {
    case 4: line.matches(type, "user") ? .user : .other
    case 6: line.matches(type, "system") ? .system : line.matches(type, "result") ? .result : .other
    case 9: line.matches(type, "assistant") ? .assistant : .other
    case 12: line.matches(type, "stream_event") ? .streamEvent : .other
    case 15: line.matches(type, "control_request") ? .controlRequest : .other
    case 16 where line.matches(type, "control_response"): .controlResponse
    case 17: line.matches(type, "transcript_mirror") ? .transcriptMirror : .other
    case 22: line.matches(type, "control_cancel_request") ? .controlCancelRequest : .other
    default: .other
    }
  }

  private func inside(_ string: Range<Int>) -> Range<Int> { (string.lowerBound + 1)..<(string.upperBound - 1) }
}
