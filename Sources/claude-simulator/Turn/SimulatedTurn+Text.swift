import Bytes
import Directives

extension SimulatedTurn {
  /// Sends a text block token by token.
  func sendBlock(_ answer: SimulatedAnswer, in message: MessageStream) throws(TurnInterrupted) {
    message.openText()
    try sendTokens(answer, in: message)
    message.closeText()
  }

  /// Sends the tokens of an open block. Faults strike between them.
  func sendTokens(_ answer: SimulatedAnswer, in message: MessageStream) throws(TurnInterrupted) {
    let fault = SimulatedFault(directives)
    let gap = directives[.flood] == nil ? directives[.gap] : nil
    let agent = directives.has(.subagent) ? MessageStream(writer, parent: agentCallID) : nil
    agent?.start(afterMilliseconds: 0)
    agent?.openText()
    for (number, piece) in answer.pieces.enumerated() {
      if number == fault?.position { try fault?.strike(writer.console, inbox) }
      if number > 0, let gap { try inbox.pause(gap) }
      // A long answer without gaps must still notice an interrupt.
      if number % SimulatedTurn.tokensBetweenPolls == 0 { try checkInput() }
      send(piece, in: message)
      agent?.append(AnswerPiece("SUBAGENT\(number) "))
    }
    agent?.closeText()
    agent?.end("end_turn", outputTokens: answer.pieces.count)
    agent?.stop()
    if let fault, fault.position >= answer.pieces.count { try fault.strike(writer.console, inbox) }
  }

  func think(_ count: Int, in message: MessageStream) throws(TurnInterrupted) {
    let answer = SimulatedAnswer(counting: count, letter: "t")
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

  private static let tokensBetweenPolls = 256

  private func checkInput() throws(TurnInterrupted) {
    writer.console.poll()
    try inbox.processLines()
  }

  private func send(_ piece: AnswerPiece, in message: MessageStream) {
    if outcome.firstTokenAt == nil { outcome.firstTokenAt = Clock.milliseconds }
    messageTokens += 1
    message.append(piece)
  }
}
