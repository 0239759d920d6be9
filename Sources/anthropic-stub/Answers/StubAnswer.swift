import HTTPServer

/// The content of one message, and its fault.
struct StubAnswer {
  var blocks: [Block]
  var stopReason = "end_turn"
  var usage: StubUsage
  var fault: StubFault?
  var delay = Duration.zero
  var gap = Duration.zero

  init(blocks: [Block], script: Script? = nil) {
    self.blocks = blocks
    usage = StubUsage(script, deltas: blocks.map(\.deltas.count).reduce(0, +))
    delay = .milliseconds(script?[.delay] ?? 0)
    gap = .milliseconds(script?[.gap] ?? 0)
  }
}

extension StubAnswer {
  /// - Parameters:
  ///   - fails: whether the script's fault strikes this time.
  ///   - newID: makes the ids of tool calls.
  /// - Throws: `HTTPError` 400 for a script with a bad input or a bad number of calls.
  init(
    _ request: StubRequest, _ prompt: PromptState, fails: Bool, newID: () -> String
  ) throws(HTTPError) {
    guard let script = prompt.script else {
      self.init(blocks: [AnswerText.block(request, prompt)])
      return
    }
    // Without `times`, `stop` and `empty` apply to every message, not only to one that fails.
    let ending = fails || !script.has(.times) ? script : nil
    let calls = try prompt.awaitsCalls(request) ? ToolCalls(script).blocks(newID) : []
    let content = calls.isEmpty ? StubAnswer.text(request, prompt, ending) : calls
    self.init(blocks: StubAnswer.preface(prompt, script, hasCalls: !calls.isEmpty) + content, script: script)
    stopReason = calls.isEmpty ? ending?.word(.stop) ?? "end_turn" : "tool_use"
    if fails { fault = StubFault(script) }
  }

  private static func text(_ request: StubRequest, _ prompt: PromptState, _ ending: Script?) -> [Block] {
    ending?.has(.empty) == true ? [] : [AnswerText.block(request, prompt)]
  }

  private static func preface(_ prompt: PromptState, _ script: Script, hasCalls: Bool) -> [Block] {
    var blocks: [Block] = []
    if let count = script[.thinking], prompt.round == 0 { blocks.append(.thinking(AnswerText.tokens("t", count))) }
    if let count = script[.textBefore], hasCalls { blocks.append(.text(AnswerText.tokens("p", count))) }
    return blocks
  }
}
