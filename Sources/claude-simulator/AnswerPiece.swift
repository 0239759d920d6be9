import Bytes

/// One token of an answer.
struct AnswerPiece {
  let text: String
  /// The JSON escapes to write instead of the text.
  private let escapes: String?

  init(_ text: String, escapes: String? = nil) {
    self.text = text
    self.escapes = escapes
  }

  /// Appends the inside of a JSON string.
  func write(to line: inout ByteBuffer) {
    if let escapes { line.append(escapes) } else { JSONText.appendEscaped(text.utf8, to: &line) }
  }
}
