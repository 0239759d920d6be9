import HTTPServer

extension Answer {
  /// - Parameters:
  ///   - goesWrong: whether the script's fault strikes this time.
  ///   - newID: makes the ids of tool calls.
  /// - Throws: `HTTPError` 400 for a script that cannot be carried out.
  init(
    _ request: MessagesRequest, _ prompt: Prompt, goesWrong: Bool, newID: () -> String
  ) throws(HTTPError) {
    guard let script = prompt.script else {
      self.init(blocks: [AnswerText.block(request, prompt)])
      return
    }
    // Without `times`, what concerns the last message is not bound to the first.
    let ending = goesWrong || !script.has(.times) ? script : nil
    let calls = try prompt.awaitsCalls(request) ? ToolCalls(script).blocks(newID) : []
    let content = calls.isEmpty ? Answer.text(request, prompt, ending) : calls
    self.init(blocks: Answer.preface(prompt, script, hasCalls: !calls.isEmpty) + content, script: script)
    stopReason = calls.isEmpty ? ending?.word(.stop) ?? "end_turn" : "tool_use"
    if goesWrong { fault = Fault(script) }
  }

  private static func text(_ request: MessagesRequest, _ prompt: Prompt, _ ending: Script?) -> [Block] {
    ending?.has(.empty) == true ? [] : [AnswerText.block(request, prompt)]
  }

  private static func preface(_ prompt: Prompt, _ script: Script, hasCalls: Bool) -> [Block] {
    var blocks: [Block] = []
    if let count = script[.thinking], prompt.round == 0 { blocks.append(.thinking(AnswerText.tokens("t", count))) }
    if let count = script[.textBefore], hasCalls { blocks.append(.text(AnswerText.tokens("p", count))) }
    return blocks
  }
}
