import Bytes
import Glibc

/// The text of an answer, token by token: the tokens together are the text, byte for byte.
struct Answer {
  var pieces: [AnswerPiece]

  var text: String { pieces.map(\.text).joined() }

  init(pieces: [AnswerPiece]) { self.pieces = pieces }

  /// What the directives ask for, else the user's own text.
  init(to prompt: Prompt, in conversation: Conversation) {
    let directives = prompt.directives
    if let count = directives[.flood] ?? directives[.tokens] {
      self.init(counting: count, letter: "w", width: directives[.tokenBytes] ?? 0)
    } else if directives.has(.surrogates) {
      self.init(pieces: Answer.surrogates)
    } else {
      self.init(words: Answer.fact(directives, conversation) ?? "You said: " + prompt.text)
    }
  }

  /// `w0 w1 w2 `, each padded to `width` bytes.
  init(counting count: Int, letter: String, width: Int = 0) {
    pieces = (0..<count).map { number in
      let token = letter + String(number)
      return AnswerPiece(token + String(repeating: "x", count: max(0, width - token.utf8.count - 1)) + " ")
    }
  }

  /// A word and the blanks after it make a token.
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

  /// The same first token, then others.
  var differing: Answer {
    Answer(pieces: pieces.prefix(1) + (1..<max(2, pieces.count)).map { AnswerPiece("other\($0) ") })
  }

  /// Both parts of the answer when the upstream stops half way.
  var halves: [Answer] {
    let middle = (pieces.count + 1) / 2
    return [Answer(pieces: Array(pieces[..<middle])), Answer(pieces: Array(pieces[middle...]))]
  }

  private static let surrogates = [
    AnswerPiece("party "), AnswerPiece("🎉", escapes: "\\ud83c"), AnswerPiece("", escapes: "\\udf89"),
    AnswerPiece(" done "),
  ]

  private static func fact(_ directives: Directives, _ conversation: Conversation) -> String? {
    if directives.has(.cwd) { return conversation.workingDirectory }
    if directives.has(.argv) { return JSONValue.array(conversation.options.arguments.map { .string($0) }).text }
    if let name = directives.word(.env) { return Environment[name] ?? "(unset)" }
    if directives.has(.initRequest) { return (conversation.initializeRequest ?? nil as JSONValue).text }
    if directives.has(.recall) { return conversation.userTexts.filter { !$0.isEmpty }.joined(separator: " | ") }
    if directives.has(.pid) { return String(getpid()) }
    return directives.has(.splitUTF8) ? "grüße 🎉 für alle 日本語 " : nil
  }
}
