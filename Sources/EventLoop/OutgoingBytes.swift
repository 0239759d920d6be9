/// Bytes that wait for a pipe, in the pieces in which they were queued: a large piece is never copied or moved.
struct OutgoingBytes {
  private var pieces: [[UInt8]] = []
  /// The first piece that is not completely written.
  private var first = 0
  /// How much of it is written.
  private var taken = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Calls `body` with the next bytes to write. There must be some.
  func withNext<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    let piece = pieces[first]
    return body(piece.span.extracting(taken..<piece.count))
  }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    count += bytes.count
    pieces.append(bytes)
  }

  /// - Parameter amount: how many of these bytes were written.
  mutating func consume(_ amount: Int) {
    count -= amount
    taken += amount
    guard taken == pieces[first].count else { return }
    pieces[first] = []
    (first, taken) = (first + 1, 0)
    if first == pieces.count { removeAll() }
  }

  mutating func removeAll() { self = OutgoingBytes() }
}
