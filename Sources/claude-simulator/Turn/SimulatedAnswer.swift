import Bytes
import Directives
import Glibc

/// The text of an answer in tokens. Joined, they are the text, byte for byte.
struct SimulatedAnswer {
  var pieces: [AnswerPiece]

  var text: String { pieces.map(\.text).joined() }

  init(pieces: [AnswerPiece]) { self.pieces = pieces }

  /// The text that the directives ask for; without them the user's own text.
  init(to prompt: Prompt, in conversation: Conversation) {
    let directives = prompt.directives
    if let count = directives[.flood] ?? directives[.tokens] {
      self.init(counting: count, letter: "w", width: directives[.tokenBytes] ?? 0)
    } else if directives.has(.surrogates) {
      self.init(pieces: SimulatedAnswer.surrogates)
    } else {
      self.init(words: SimulatedAnswer.fact(directives, conversation) ?? "You said: " + prompt.text)
    }
  }

  /// `w0 w1 w2 `, each padded to `width` bytes.
  init(counting count: Int, letter: String, width: Int = 0) {
    pieces = (0..<count).map { number in
      let token = letter + String(number)
      return AnswerPiece(token + String(repeating: "x", count: max(0, width - token.utf8.count - 1)) + " ")
    }
  }

  /// A token is a word with the blanks after it.
  init(words text: String) {
    pieces = []
    var token: [UInt8] = []
    var hasBlank = false
    for byte in text.utf8 {
      let isBlank = byte == Ascii.space || byte == Ascii.lineFeed || byte == Ascii.tab
      if hasBlank && !isBlank {
        pieces.append(AnswerPiece(String(decoding: token, as: UTF8.self)))
        token = []
      }
      hasBlank = isBlank
      token.append(byte)
    }
    if !token.isEmpty { pieces.append(AnswerPiece(String(decoding: token, as: UTF8.self))) }
  }

  /// An answer with the same first token and different others.
  var differing: SimulatedAnswer {
    SimulatedAnswer(pieces: pieces.prefix(1) + (1..<max(2, pieces.count)).map { AnswerPiece("other\($0) ") })
  }

  /// The two parts of an answer that the upstream stops half way.
  var halves: [SimulatedAnswer] {
    let middle = (pieces.count + 1) / 2
    return [SimulatedAnswer(pieces: Array(pieces[..<middle])), SimulatedAnswer(pieces: Array(pieces[middle...]))]
  }

  private static let surrogates = [
    AnswerPiece("party "), AnswerPiece("🎉", escapes: "\\ud83c"), AnswerPiece("", escapes: "\\udf89"),
    AnswerPiece(" done "),
  ]

  private static func fact(_ directives: SimulatorDirectives, _ conversation: Conversation) -> String? {
    if directives.has(.cwd) { return conversation.workingDirectory }
    if directives.has(.argv) { return JSONValue.array(conversation.options.arguments.map { .string($0) }).text }
    if let name = directives.word(.env) { return Environment[name] ?? "(unset)" }
    if directives.has(.initRequest) { return (conversation.initializeRequest ?? nil as JSONValue).text }
    if directives.has(.recall) { return conversation.userTexts.filter { !$0.isEmpty }.joined(separator: " | ") }
    if directives.has(.pid) { return String(getpid()) }
    return directives.has(.splitUTF8) ? "grüße 🎉 für alle 日本語 " : nil
  }
}

/// One token of an answer.
struct AnswerPiece {
  let text: String
  /// JSON escapes that are written in place of the text.
  private let escapes: String?

  init(_ text: String, escapes: String? = nil) {
    self.text = text
    self.escapes = escapes
  }

  /// Appends the piece as the inside of a JSON string.
  func write(to line: inout ByteBuffer) {
    if let escapes { line.append(escapes) } else { JSONText.appendEscaped(text.utf8, to: &line) }
  }
}
