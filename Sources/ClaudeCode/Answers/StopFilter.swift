import Bytes

/// Ends a text before the first of some sequences. The CLI cannot be told them, so what might be the beginning of one is
/// held back until it is clear whether it is.
///
/// Works on text as the inside of JSON strings: a sequence is looked for in the same spelling.
struct StopFilter: Sendable {
  private let sequences: [[UInt8]]
  private let spellings: [String]
  private var held: [UInt8] = []
  /// The sequence that has come: the text is over.
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

  /// Takes the next piece; returns what of the text is certain to be told.
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
      // A tail that could grow into a sequence waits for what comes.
      if sequences.contains(where: { $0.starts(with: text[index...]) }) { break }
      index += StopFilter.unit(at: index, of: text)
    }
    held = Array(text[min(index, text.count)...])
    return Array(text[..<min(index, text.count)])
  }

  /// The text ends here: nothing can come of what was held back.
  mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held
  }

  /// How many bytes the character or escape takes: a sequence does not begin inside of one.
  private static func unit(at index: Int, of text: [UInt8]) -> Int {
    guard text[index] == Ascii.backslash, index + 1 < text.count else { return 1 }
    return text[index + 1] == UInt8(ascii: "u") ? 6 : 2
  }
}
