import HTTPServer

/// What the user said, among what the CLI says in the user's name.
extension RequestMessage {
  var userTexts: [String] { blocks.compactMap(\.userText) }

  /// The script among the texts; of several, the last.
  func script() throws(HTTPError) -> Script? {
    for text in userTexts.reversed() {
      if let script = try Script(in: text) { return script }
    }
    return nil
  }

  /// The message without what belongs to earlier prompts that got no answer.
  ///
  /// The CLI merges neighbouring user messages into one and ends each but the last with a line end; "[Request
  /// interrupted by user]" is one of them.
  var newestPart: RequestMessage {
    guard let last = blocks.lastIndex(where: { $0.userText != nil }),
      let seam = blocks[..<last].lastIndex(where: { $0.userText?.hasSuffix("\n") == true })
    else { return self }
    return RequestMessage(role: role, blocks: Array(blocks[(seam + 1)...]))
  }
}

extension RequestMessage.Block {
  /// The text, unless it is one of the CLI's reminders.
  var userText: String? {
    guard case .text(let text) = self, !text.drop(while: \.isWhitespace).hasPrefix("<system-reminder>") else {
      return nil
    }
    return text
  }
}
