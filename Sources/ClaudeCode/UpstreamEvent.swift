import Bytes

/// The upstream's own event inside a `stream_event` line, as ranges of that line.
struct UpstreamEvent {
  enum Kind {
    case messageStart
    case blockStart
    case blockDelta
    case blockStop
    case messageDelta
    case messageStop
    case other
  }

  enum DeltaKind {
    case text
    case thinking
    case other
  }

  private(set) var kind = Kind.other
  private(set) var deltaKind = DeltaKind.other
  /// The piece of text or thinking, still escaped.
  private(set) var deltaText: Range<Int>?
  private(set) var stopReason: Range<Int>?
  private(set) var contentBlock: Range<Int>?
  private(set) var message: Range<Int>?
  private(set) var usage: Range<Int>?

  init(scanning range: Range<Int>, of line: Span<UInt8>) throws(JSONSyntaxError) {
    var delta: Range<Int>?
    var cursor = JSONCursor(at: range.lowerBound)
    try cursor.enterObject(line)
    while let key = try cursor.nextKey(line) {
      let value = try cursor.value(line)
      switch key.count {
      case 4 where line.matches(key, "type"): kind = UpstreamEvent.kind(line, value)
      case 5 where line.matches(key, "delta"): delta = value
      case 5 where line.matches(key, "usage"): usage = value
      case 7 where line.matches(key, "message"): message = value
      case 13 where line.matches(key, "content_block"): contentBlock = value
      default: break
      }
    }
    if let delta { try scanDelta(delta, line) }
  }

  private mutating func scanDelta(_ range: Range<Int>, _ line: Span<UInt8>) throws(JSONSyntaxError) {
    var cursor = JSONCursor(at: range.lowerBound)
    try cursor.enterObject(line)
    while let key = try cursor.nextKey(line) {
      let value = try cursor.value(line)
      guard line[value.lowerBound] == Ascii.quote else { continue }
      let inside = (value.lowerBound + 1)..<(value.upperBound - 1)
      switch key.count {
      case 4 where line.matches(key, "text"): deltaText = inside
      case 8 where line.matches(key, "thinking"): deltaText = inside
      case 4 where line.matches(inside, "text_delta"): deltaKind = .text
      case 4 where line.matches(inside, "thinking_delta"): deltaKind = .thinking
      case 11 where line.matches(key, "stop_reason"): stopReason = inside
      default: break
      }
    }
  }

  private static func kind(_ line: Span<UInt8>, _ value: Range<Int>) -> Kind {
    if line.matches(value, "\"content_block_delta\"") { return .blockDelta }
    if line.matches(value, "\"content_block_start\"") { return .blockStart }
    if line.matches(value, "\"content_block_stop\"") { return .blockStop }
    if line.matches(value, "\"message_start\"") { return .messageStart }
    if line.matches(value, "\"message_delta\"") { return .messageDelta }
    if line.matches(value, "\"message_stop\"") { return .messageStop }
    return .other
  }
}
