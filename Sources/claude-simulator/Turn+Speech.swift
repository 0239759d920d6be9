import Bytes

extension Turn {
  /// A text block, told token by token.
  func speakBlock(_ answer: Answer, in message: MessageStream) throws(Interruption) {
    message.openText()
    try speakTokens(answer, in: message)
    message.closeText()
  }

  /// The tokens of an open block; faults strike between them.
  func speakTokens(_ answer: Answer, in message: MessageStream) throws(Interruption) {
    let fault = Fault(directives)
    let gap = directives[.flood] == nil ? directives[.gap] : nil
    let agent = directives.has(.subagent) ? MessageStream(writer, parent: agentCallID) : nil
    agent?.start(afterMilliseconds: 0)
    agent?.openText()
    for (number, piece) in answer.pieces.enumerated() {
      if number == fault?.position { try fault?.strike(writer.console, inbox) }
      if number > 0, let gap { try inbox.pause(gap) }
      // A long answer without gaps must still hear an interrupt.
      if number % Turn.tokensBetweenLooks == 0 { try lookAround() }
      say(piece, in: message)
      agent?.say(AnswerPiece("SUBAGENT\(number) "))
    }
    agent?.closeText()
    agent?.end("end_turn", outputTokens: answer.pieces.count)
    agent?.stop()
    if let fault, fault.position >= answer.pieces.count { try fault.strike(writer.console, inbox) }
  }

  func think(_ count: Int, in message: MessageStream) throws(Interruption) {
    let answer = Answer(counting: count, letter: "t")
    message.open(["type": "thinking", "thinking": "", "signature": ""])
    for (number, piece) in answer.pieces.enumerated() {
      if number > 0, let gap = directives[.gap] { try inbox.pause(gap) }
      if writer.isPartial { writer.thinkingTokens(number + 1) }
      message.delta(["type": "thinking_delta", "thinking": .string(piece.text)])
    }
    message.delta(["type": "signature_delta", "signature": "c2ln"])
    message.whole(["type": "thinking", "thinking": .string(answer.text), "signature": "c2ln"])
    message.close()
    outcome.used.thinking += count
    messageTokens += count
  }

  private static let tokensBetweenLooks = 256

  private func lookAround() throws(Interruption) {
    writer.console.poll()
    try inbox.look()
  }

  private func say(_ piece: AnswerPiece, in message: MessageStream) {
    if outcome.firstTokenAt == nil { outcome.firstTokenAt = Clock.milliseconds }
    messageTokens += 1
    message.say(piece)
  }
}
