extension Prompt {
  /// Whether the next message is one of calls.
  func awaitsCalls(_ request: MessagesRequest) -> Bool {
    guard let script, round < (script[.rounds] ?? 1) else { return false }
    return script.has(.tool) || script.has(.tools)
      || script.has(.schema) && request.tools.contains(ToolCalls.structuredOutput)
  }

  /// Whether a fault of the script concerns the next message.
  func mayGoWrong(_ request: MessagesRequest) -> Bool {
    guard let script else { return false }
    return script.has(.late) ? round > 0 && !awaitsCalls(request) : round == 0
  }
}
