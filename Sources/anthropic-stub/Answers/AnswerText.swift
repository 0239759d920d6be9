import Bytes

/// The text of an answer.
enum AnswerText {
  static func block(_ request: StubRequest, _ prompt: PromptState) -> Block {
    guard let script = prompt.script else { return .text(plain(prompt)) }
    if prompt.toolResult != nil || prompt.isContinuation {
      return .text(script[.then].map { tokens("w", $0) } ?? plain(prompt))
    }
    if script.has(.echoSystem) { return .text([request.system]) }
    if script.has(.echoMessages) { return .text([transcript(request.messages).text]) }
    if script.has(.emoji) { return .text(words("grüße 🎉 für alle 日本語 ")) }
    if script.has(.surrogates) { return surrogates }
    if let count = script[.big] { return .text([String(repeating: "x", count: count)]) }
    if let count = script[.tokens] { return .text(tokens("w", count)) }
    return .text(plain(prompt))
  }

  static func tokens(_ letter: String, _ count: Int) -> [String] { (0..<count).map { "\(letter)\($0) " } }

  private static func plain(_ prompt: PromptState) -> [String] {
    if let result = prompt.toolResult { return words("The tool said: " + result) }
    return words(prompt.isContinuation ? "and so on" : "You said: " + prompt.text)
  }

  // The real API cuts between tokens, and a token can be one half of a surrogate pair.
  private static let surrogates = Block(
    kind: .text, deltas: ["party ", "\\ud83c", "\\udf89", " done "].map { Delta(.text, escaped: $0) })

  /// Splits a text into words, each with the blank after it.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var start = text.startIndex
    while let blank = text[start...].firstIndex(of: " ") {
      let end = text.index(after: blank)
      words.append(String(text[start..<end]))
      start = end
    }
    if start < text.endIndex { words.append(String(text[start...])) }
    return words
  }

  private static func transcript(_ messages: [RequestMessage]) -> JSONValue {
    .array(messages.map { ["role": .string($0.role), "text": .string($0.visibleText)] })
  }
}
