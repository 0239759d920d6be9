import Bytes

extension Turn {
  /// Speaks the answer, broken as the directives want it.
  ///
  /// - Returns: the text of the last message, which is what the result holds.
  func deliver(_ answer: Answer) throws(Interruption) -> String {
    if let count = directives[.cut] ?? directives[.cutDiffers] {
      try speakAbandoned(answer, upTo: count)
      try waitForRetry()
      return try speakLast(directives.has(.cutDiffers) ? answer.differing : answer)
    }
    if let count = directives[.repair] { return try deliverRepaired(answer, upTo: count) }
    if let continuation { return try deliverInTwo(answer, continuation) }
    return try speakLast(answer)
  }

  /// A whole message with one text block.
  func speak(_ answer: Answer, stopReason: String) throws(Interruption) {
    let message = try openMessage()
    try speakBlock(answer, in: message)
    close(message, stopReason: stopReason)
  }

  /// Starts a message, with its thinking if it is the first one.
  func openMessage() throws(Interruption) -> MessageStream {
    if let delay = directives[.delay], directives[.flood] == nil { try inbox.pause(delay) }
    let message = MessageStream(writer, hidesText: directives.has(.noPartial))
    self.message = message
    outcome.messages += 1
    outcome.used.input += LineWriter.inputTokens
    messageTokens = 0
    message.start(afterMilliseconds: Clock.milliseconds - outcome.startedAt)
    if outcome.messages == 1, let count = directives[.thinking] { try think(count, in: message) }
    return message
  }

  func close(_ message: MessageStream, stopReason: String) {
    end(message, stopReason: stopReason)
    message.stop()
    self.message = nil
  }

  func end(_ message: MessageStream, stopReason: String) {
    message.end(stopReason, outputTokens: messageTokens)
    outcome.used.output += messageTokens
    outcome.stopReason = stopReason
  }

  private var continuation: Continuation? {
    if directives.has(.maxTokens) { return .maxTokens }
    return directives.has(.refusalRetry) ? .refusal : nil
  }

  private func speakLast(_ answer: Answer) throws(Interruption) -> String {
    try speak(answer, stopReason: directives.has(.refusal) ? "refusal" : "end_turn")
    return answer.text
  }

  private func deliverInTwo(_ answer: Answer, _ continuation: Continuation) throws(Interruption) -> String {
    let halves = answer.halves
    try speak(halves[0], stopReason: continuation.stopReason)
    if case .refusal = continuation { writer.safeguardNotice() }
    var extra = JSONObject()
    extra["isSynthetic"] = true
    writer.user([LineWriter.textBlock(continuation.request)], extra: extra)
    writer.requesting()
    return try speakLast(halves[1])
  }

  private func speakAbandoned(_ answer: Answer, upTo count: Int) throws(Interruption) {
    let message = try openMessage()
    message.openText()
    try speakTokens(Answer(pieces: Array(answer.pieces.prefix(count))), in: message)
    message.abandon()
    self.message = nil
    // As recorded: of a void message the one token of its message_start is counted.
    outcome.used.output += 1
    outcome.messages -= 1
  }

  private func waitForRetry() throws(Interruption) {
    let delay = directives[.retryDelay] ?? 0
    writer.retryAnnounced(attempt: 1, delay: delay, status: nil)
    try inbox.pause(delay)
  }

  // As recorded: the broken message is void, and the repeated one, which was not streamed, is one line with an id of its
  // own and its stop reason.
  private func deliverRepaired(_ answer: Answer, upTo count: Int) throws(Interruption) -> String {
    try speakAbandoned(answer, upTo: count)
    var extra = JSONObject()
    extra["stop_reason"] = "end_turn"
    let whole = MessageIdentity(id: writer.ids.short("msg_"), parent: nil)
    writer.assistant(whole, LineWriter.textBlock(answer.text), extra: extra)
    outcome.messages += 1
    outcome.used.input += LineWriter.inputTokens
    outcome.used.output += answer.pieces.count
    return answer.text
  }
}
