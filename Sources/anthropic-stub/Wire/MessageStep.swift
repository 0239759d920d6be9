/// The events of a streamed message, in their order.
enum MessageStep {
  case messageStart
  case blockStart(Int)
  case ping
  case delta(block: Int, index: Int)
  case blockStop(Int)
  case messageDelta
  case messageStop

  var isDelta: Bool { if case .delta = self { true } else { false } }

  /// Whether a fault can strike before this event: a block is open, or none is left.
  var mayFail: Bool {
    switch self {
    case .delta, .blockStop, .messageDelta: true
    case .messageStart, .blockStart, .ping, .messageStop: false
    }
  }

  static func all(of answer: StubAnswer) -> [MessageStep] {
    var steps = [MessageStep.messageStart]
    if answer.blocks.isEmpty { steps.append(.ping) }
    for (number, block) in answer.blocks.enumerated() {
      steps.append(.blockStart(number))
      if number == 0 { steps.append(.ping) }
      for index in block.deltas.indices { steps.append(.delta(block: number, index: index)) }
      steps.append(.blockStop(number))
    }
    return steps + [.messageDelta, .messageStop]
  }
}
