import Bytes

/// Ends a text before the first stop sequence. The CLI has no option for stop sequences, so text that may be the
/// beginning of one is held back until that is clear.
///
/// Works on text as the inside of JSON strings and searches for the sequences in the same spelling.
struct StopFilter: Sendable {
  private let sequences: [[UInt8]]
  private let spellings: [String]
  private var held: [UInt8] = []
  /// The sequence that was found; the text has ended.
  private(set) var found: String?
  var isStopped: Bool { found != nil }

  init(_ sequences: [String]) {
    spellings = sequences.filter { !$0.isEmpty }
    self.sequences = spellings.map { sequence in
      var escaped = ByteBuffer()
      JSONText.appendEscaped(sequence.utf8, to: &escaped)
      return escaped.bytes
    }
  }

  var isEmpty: Bool { sequences.isEmpty }

  /// Takes the next piece. Returns the text that is certain to be part of the answer.
  mutating func push(_ piece: Span<UInt8>) -> [UInt8] {
    guard !isStopped else { return [] }
    let text = held + piece.bytes(in: 0..<piece.count)
    var index = 0
    while index < text.count {
      if let first = sequences.firstIndex(where: { text[index...].starts(with: $0) }) {
        found = spellings[first]
        held = []
        return Array(text[..<index])
      }
      // A tail that could grow into a sequence is held back.
      if sequences.contains(where: { $0.starts(with: text[index...]) }) { break }
      index += StopFilter.unit(at: index, of: text)
    }
    held = Array(text[min(index, text.count)...])
    return Array(text[..<min(index, text.count)])
  }

  /// The text ends here. Returns what was held back.
  mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held
  }

  /// The length of the character or escape at `index`: a sequence never begins inside one.
  private static func unit(at index: Int, of text: [UInt8]) -> Int {
    guard text[index] == Ascii.backslash, index + 1 < text.count else { return 1 }
    return text[index + 1] == UInt8(ascii: "u") ? 6 : 2
  }
}
