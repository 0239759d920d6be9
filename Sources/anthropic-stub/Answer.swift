/// One message that is to be sent, and what goes wrong on the way.
struct Answer {
  var blocks: [Block]
  var stopReason = "end_turn"
  var usage: TokenUsage
  var fault: Fault?
  var delay = Duration.zero
  var gap = Duration.zero

  init(blocks: [Block], script: Script? = nil) {
    self.blocks = blocks
    usage = TokenUsage(script, deltas: blocks.map(\.deltas.count).reduce(0, +))
    delay = .milliseconds(script?[.delay] ?? 0)
    gap = .milliseconds(script?[.gap] ?? 0)
  }
}
