import Glibc

/// Splits a byte stream into lines at `\n`, whatever they contain.
///
/// A line that lies in one chunk is delivered in place; only a line that straddles chunks is copied. No byte of a
/// multi-byte UTF-8 character is `\n`, so characters may straddle chunks, too.
public struct LineFramer: Sendable {
  /// The longest line that is delivered, in bytes without the line end. Longer lines are dropped and counted.
  public let maximumLineLength: Int
  /// How many lines were dropped for their length.
  public private(set) var oversizedLines = 0

  private var pending: [UInt8] = []
  private var isDroppingLine = false

  public static let defaultMaximumLineLength = 64 * 1024 * 1024

  public init(maximumLineLength: Int = LineFramer.defaultMaximumLineLength) {
    self.maximumLineLength = maximumLineLength
  }

  /// Takes the next bytes of the stream and calls `body` for each line that ends in them, without its `\n` (and a `\r`
  /// before it). Empty lines are delivered too.
  public mutating func push(_ chunk: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
    var start = 0
    while let end = firstNewline(in: chunk, from: start) {
      finish(chunk.extracting(start..<end), body)
      start = end + 1
    }
    keep(chunk.extracting(start..<chunk.count))
  }

  /// The stream has ended: delivers a last line without line end.
  public mutating func finish(_ body: (Span<UInt8>) -> Void) {
    guard !pending.isEmpty || isDroppingLine else { return }
    finish([UInt8]().span, body)
  }

  private mutating func finish(_ tail: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
    let lineEnd = (tail.isEmpty ? pending.last : tail[tail.count - 1]) == Ascii.carriageReturn ? 1 : 0
    guard !isDroppingLine, pending.count + tail.count - lineEnd <= maximumLineLength else {
      oversizedLines += 1
      isDroppingLine = false
      pending = []
      return
    }
    guard !pending.isEmpty else { return body(withoutCarriageReturn(tail)) }
    append(tail)
    body(withoutCarriageReturn(pending.span))
    pending.removeAll(keepingCapacity: pending.capacity <= LineFramer.retainedCapacity)
  }

  private mutating func keep(_ rest: Span<UInt8>) {
    guard !rest.isEmpty, !isDroppingLine else { return }
    // One byte more may be the carriage return, which does not count.
    if pending.count + rest.count > maximumLineLength + 1 {
      isDroppingLine = true
      pending = []
    } else {
      append(rest)
    }
  }

  private mutating func append(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { pointer in unsafe pending.append(contentsOf: pointer) }
  }

  private static let retainedCapacity = 64 * 1024
}

private func firstNewline(in bytes: Span<UInt8>, from start: Int) -> Int? {
  unsafe bytes.withUnsafeBufferPointer { buffer in
    guard start < buffer.count, let base = buffer.baseAddress,
      let found = unsafe memchr(base + start, Int32(Ascii.lineFeed), buffer.count - start)
    else { return nil }
    return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }
}

@_lifetime(copy line)
private func withoutCarriageReturn(_ line: Span<UInt8>) -> Span<UInt8> {
  guard line.count > 0, line[line.count - 1] == Ascii.carriageReturn else { return line }
  return line.extracting(0..<(line.count - 1))
}
