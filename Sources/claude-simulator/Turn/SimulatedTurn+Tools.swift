import Bytes
import Directives

extension SimulatedTurn {
  /// The id of the Task call. A subagent's lines have it as their parent.
  var agentCallID: String { "toolu_simulated_agent" }

  /// Sends a message of tool calls and their results, if the directives ask for one.
  func useTools() throws(TurnInterrupted) {
    let calls = try requestedCalls()
    guard !calls.isEmpty else { return }
    let message = try openMessage()
    try sendPreamble(in: message)
    // As recorded: a function is called after its block; a permission request comes before the message_stop.
    var requests: [String?] = []
    for call in calls {
      write(call, in: message)
      requests.append(call.function == nil ? nil : try inbox.functions.call(call))
    }
    end(message, stopReason: "tool_use")
    for (index, call) in calls.enumerated() where call.function == nil { requests[index] = ask(call) }
    message.stop()
    self.message = nil
    for (call, request) in zip(calls, requests) { try settle(call, request) }
    foldQueue()
    if !directives.has(.errorMaxTurns) { writer.requesting() }
  }

  private func requestedCalls() throws(TurnInterrupted) -> [ToolCall] {
    var calls: [ToolCall] = []
    if directives.has(.subagent) {
      calls.append(ToolCall(id: agentCallID, name: "Task", input: ["description": "simulated", "prompt": "be brief"]))
    }
    let functions = directives.word(.call)?.split(separator: ",").map { ToolCall.prefix + $0 }.joined(separator: ",")
    let names =
      functions ?? directives.word(.ask) ?? directives.word(.tool) ?? (directives.has(.errorMaxTurns) ? "Bash" : "")
    let input = directives.word(.toolInput).flatMap { try? JSONValue(parsing: $0) } ?? ["command": "echo hi"]
    for name in names.split(separator: ",") {
      calls.append(ToolCall(id: writer.ids.short("toolu_"), name: String(name), input: input))
    }
    return calls
  }

  private func sendPreamble(in message: MessageStream) throws(TurnInterrupted) {
    if let count = directives[.preamble] {
      try sendBlock(SimulatedAnswer(counting: count, letter: "p"), in: message)
    } else if directives.has(.errorMaxTurns) {
      try sendBlock(SimulatedAnswer(to: prompt, in: conversation), in: message)
    }
  }

  private func write(_ call: ToolCall, in message: MessageStream) {
    messageTokens += 1
    var empty = JSONObject()
    for member in call.block.object?.members ?? [] { empty[member.key] = member.value }
    empty["input"] = [:]
    message.open(.object(empty))
    for piece in call.inputPieces { message.delta(["type": "input_json_delta", "partial_json": .string(piece)]) }
    message.whole(call.block)
    message.close()
  }

  /// Sends a permission request if the call needs one.
  ///
  /// - Returns: the id of the request, or nil.
  private func ask(_ call: ToolCall) -> String? {
    guard directives.has(.ask), ToolPermission(conversation, call.name) == .ask else { return nil }
    let requestID = writer.ids.uuid()
    writer.permissionRequest(call, requestID: requestID)
    return requestID
  }

  private func settle(_ call: ToolCall, _ requestID: String?) throws(TurnInterrupted) {
    openCall = call
    openRequestID = requestID
    if call.function != nil {
      let result =
        try requestID.map(inbox.functions.result) ?? (text: "No such tool available: \(call.name)", isError: true)
      writer.toolResult(call.id, result.text, isError: result.isError)
    } else {
      try settleTool(call, requestID)
    }
    openCall = nil
    openRequestID = nil
  }

  private func settleTool(_ call: ToolCall, _ requestID: String?) throws(TurnInterrupted) {
    switch try verdict(call, requestID) {
    case .allowed(let input): writer.toolResult(call.id, "ran \(call.name) with \(input.text)", isError: false)
    case .denied(let message):
      outcome.denials.append(call.denial)
      writer.toolResult(call.id, message, isError: true)
    }
  }

  private func verdict(_ call: ToolCall, _ requestID: String?) throws(TurnInterrupted) -> ToolVerdict {
    if let requestID { return ToolVerdict(try inbox.answer(to: requestID), for: call) }
    guard directives.has(.ask), ToolPermission(conversation, call.name) == .denied else {
      return .allowed(input: call.input)
    }
    return .denied("Claude requested permissions to use \(call.name), but you haven't granted it yet.")
  }

  // A user line that arrives before a tool result belongs to the running turn: there is one result for both.
  private func foldQueue() {
    for entry in inbox.takeQueue() {
      guard let folded = try? Prompt(content: entry.content, defaults: SimulatorDirectives()) else { continue }
      conversation.remember(folded.text)
      prompt.text += "\n" + folded.text
    }
  }
}
