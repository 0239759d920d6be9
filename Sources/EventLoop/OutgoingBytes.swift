/// Bytes that wait for a pipe to take them, in the pieces they came in: a large piece is never copied or moved.
struct OutgoingBytes {
  private var pieces: [[UInt8]] = []
  /// The first piece that is not taken whole.
  private var first = 0
  /// How much of it is taken.
  private var taken = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  /// Shows what is to be taken next. There must be something.
  func withNext<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    let piece = pieces[first]
    return body(piece.span.extracting(taken..<piece.count))
  }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    count += bytes.count
    pieces.append(bytes)
  }

  /// - Parameter amount: how much of what `withNext` shows was taken.
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
