import Bytes

/// The upstream's own event inside a `stream_event` line, as ranges of that line.
struct UpstreamEvent: Sendable, Equatable {
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
    /// A piece of a tool call's input.
    case input
    case other
  }

  private(set) var kind = Kind.other
  private(set) var deltaKind = DeltaKind.other
  /// The piece of text, of thinking or of input, still escaped.
  private(set) var deltaText: Range<Int>?
  private(set) var stopReason: Range<Int>?
  private(set) var contentBlock: Range<Int>?
  private(set) var message: Range<Int>?
  private(set) var usage: Range<Int>?

  /// Reads the object that begins at `cursor`, and moves the cursor behind it.
  init(scanning cursor: inout JSONCursor, of line: Span<UInt8>) throws(JSONSyntaxError) {
    try cursor.enterObject(line)
    while let key = try cursor.nextKey(line) {
      switch key.count {
      case 4 where line.matches(key, "type"): kind = UpstreamEvent.kind(line, try cursor.value(line))
      case 5 where line.matches(key, "delta"): try scanDelta(&cursor, line)
      case 5 where line.matches(key, "usage"): usage = try cursor.value(line)
      case 7 where line.matches(key, "message"): message = try cursor.value(line)
      case 13 where line.matches(key, "content_block"): contentBlock = try cursor.value(line)
      default: _ = try cursor.value(line)
      }
    }
  }

  private mutating func scanDelta(_ cursor: inout JSONCursor, _ line: Span<UInt8>) throws(JSONSyntaxError) {
    // The last value of a repeated key counts.
    (deltaKind, deltaText, stopReason) = (.other, nil, nil)
    guard cursor.peek(line) == Ascii.openBrace else {
      _ = try cursor.value(line)
      return
    }
    try cursor.enterObject(line)
    while let key = try cursor.nextKey(line) { noteDelta(key, try cursor.value(line), line) }
  }

  private mutating func noteDelta(_ key: Range<Int>, _ value: Range<Int>, _ line: Span<UInt8>) {
    let isString = line[value.lowerBound] == Ascii.quote
    let inside = isString ? (value.lowerBound + 1)..<(value.upperBound - 1) : value
    switch key.count {
    case 4 where line.matches(key, "text"), 8 where line.matches(key, "thinking"): deltaText = isString ? inside : nil
    case 12 where line.matches(key, "partial_json"): deltaText = isString ? inside : nil
    case 4 where line.matches(key, "type"): deltaKind = isString ? UpstreamEvent.deltaKind(line, inside) : .other
    case 11 where line.matches(key, "stop_reason"): stopReason = isString ? inside : nil
    default: break
    }
  }

  private static func deltaKind(_ line: Span<UInt8>, _ type: Range<Int>) -> DeltaKind {
    if line.matches(type, "text_delta") { return .text }
    if line.matches(type, "thinking_delta") { return .thinking }
    return line.matches(type, "input_json_delta") ? .input : .other
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
