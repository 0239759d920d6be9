import Bytes

/// The line framer gives the lines of a plain split, however its input is cut.
enum LinesCheck {
  private static let longest = 24

  static func run(_ input: [UInt8]) throws(Finding) {
    let expected = plain(input)
    for pieces in [[input]] + Cut.ways(input) {
      let (lines, oversized) = framed(pieces)
      guard lines == expected.lines, oversized == expected.oversized else {
        throw Finding("expected \(expected)\nframed   \(lines), \(oversized)")
      }
    }
  }

  private static func plain(_ input: [UInt8]) -> (lines: [[UInt8]], oversized: Int) {
    var parts = input.split(separator: Ascii.lineFeed, omittingEmptySubsequences: false)
    if parts.last?.isEmpty == true { parts.removeLast() }
    let lines = parts.map { $0.last == Ascii.carriageReturn ? $0.dropLast() : $0 }
    let short = lines.filter { $0.count <= longest }
    return (short.map { Array($0) }, lines.count - short.count)
  }

  private static func framed(_ pieces: [[UInt8]]) -> (lines: [[UInt8]], oversized: Int) {
    var framer = LineFramer(maximumLineLength: longest)
    var lines: [[UInt8]] = []
    for piece in pieces {
      framer.push(piece.span) { lines.append($0.bytes(in: 0..<$0.count)) }
    }
    framer.finish { lines.append($0.bytes(in: 0..<$0.count)) }
    return (lines, framer.oversizedLines)
  }
}
