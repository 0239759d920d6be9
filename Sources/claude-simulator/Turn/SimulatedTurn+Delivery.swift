import Bytes
import Directives

extension SimulatedTurn {
  /// Sends the answer with the breaks that the directives ask for.
  ///
  /// - Returns: the text of the last message, for the result.
  func deliver(_ answer: SimulatedAnswer) throws(TurnInterrupted) -> String {
    if let count = directives[.cut] ?? directives[.cutDiffers] {
      try sendAbandonedMessage(answer, upTo: count)
      try waitForRetry()
      return try sendLastMessage(directives.has(.cutDiffers) ? answer.differing : answer)
    }
    if let count = directives[.repair] { return try deliverRepaired(answer, upTo: count) }
    if let continuation { return try deliverInTwo(answer, continuation) }
    return try sendLastMessage(answer)
  }

  /// Sends a whole message with one text block.
  func sendMessage(_ answer: SimulatedAnswer, stopReason: String) throws(TurnInterrupted) {
    let message = try openMessage()
    try sendBlock(answer, in: message)
    close(message, stopReason: stopReason)
  }

  /// Starts a message. The first one has the thinking block.
  func openMessage() throws(TurnInterrupted) -> MessageStream {
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

  private func sendLastMessage(_ answer: SimulatedAnswer) throws(TurnInterrupted) -> String {
    try sendMessage(answer, stopReason: directives.has(.refusal) ? "refusal" : "end_turn")
    return answer.text
  }

  private func deliverInTwo(_ answer: SimulatedAnswer, _ continuation: Continuation) throws(TurnInterrupted) -> String {
    let halves = answer.halves
    try sendMessage(halves[0], stopReason: continuation.stopReason)
    if case .refusal = continuation { writer.safeguardNotice() }
    var extra = JSONObject()
    extra["isSynthetic"] = true
    writer.user([LineWriter.textBlock(continuation.request)], extra: extra)
    writer.requesting()
    return try sendLastMessage(halves[1])
  }

  private func sendAbandonedMessage(_ answer: SimulatedAnswer, upTo count: Int) throws(TurnInterrupted) {
    let message = try openMessage()
    message.openText()
    try sendTokens(SimulatedAnswer(pieces: Array(answer.pieces.prefix(count))), in: message)
    message.abandon()
    self.message = nil
    // As recorded: a void message counts for the one token of its message_start.
    outcome.used.output += 1
    outcome.messages -= 1
  }

  private func waitForRetry() throws(TurnInterrupted) {
    let delay = directives[.retryDelay] ?? 0
    writer.retryAnnounced(attempt: 1, delay: delay, status: nil)
    try inbox.pause(delay)
  }

  // As recorded: the broken message is void. The second one is not streamed: it is one line with its own id and stop
  // reason.
  private func deliverRepaired(_ answer: SimulatedAnswer, upTo count: Int) throws(TurnInterrupted) -> String {
    try sendAbandonedMessage(answer, upTo: count)
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

/// Why the CLI sends another request by itself after a message.
enum Continuation {
  case maxTokens
  case refusal

  var stopReason: String {
    switch self {
    case .maxTokens: "max_tokens"
    case .refusal: "refusal"
    }
  }

  /// The message that it sends to the model with the role user.
  var request: String {
    switch self {
    case .maxTokens:
      "Output token limit hit. Resume directly — no apology, no recap of what you were doing. Pick up mid-thought if "
        + "that is where the cut happened. Break remaining work into smaller pieces."
    case .refusal:
      "Your response above was stopped by a safety classifier — this is not a tool or API error. The rest of it was "
        + "withheld, and tool calls in it that had not finished did not run. Do not produce that content again, even "
        + "reworded."
    }
  }
}
