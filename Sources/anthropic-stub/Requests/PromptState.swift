import HTTPServer

/// The state of a conversation: the script in force, the user's last text, and the tool results since.
struct PromptState {
  var script: Script?
  var text = ""
  /// The tool results in the last message; nil if it has none.
  var toolResult: String?
  /// Whether the CLI asks for more by itself: after max_tokens, a refusal or an empty message.
  var isContinuation = false
  /// How many messages with tool results follow the script.
  var round = 0

  init(_ messages: [RequestMessage]) throws(HTTPError) {
    // The CLI may append a message with role "system".
    guard let last = messages.lastIndex(where: { $0.role == "user" }) else { return }
    let newest = messages[last].newestPrompt
    text = Script.removed(from: newest.userTexts.last ?? "")
    script = try newest.script()
    guard script == nil else { return }
    isContinuation = PromptState.continuations.contains { text.hasPrefix($0) }
    if !newest.toolResults.isEmpty { toolResult = newest.toolResults.joined(separator: "\n") }
    if isContinuation || toolResult != nil { try resume(messages[...last]) }
  }

  private mutating func resume(_ messages: ArraySlice<RequestMessage>) throws(HTTPError) {
    for message in messages.reversed() where message.role == "user" {
      script = try message.script()
      if script != nil { return }
      if !message.toolResults.isEmpty { round += 1 }
    }
  }

  /// How the CLI's own prompts begin (2.1.329).
  private static let continuations = [
    "Output token limit hit", "Your response above was", "Your response was cut off", "[Your previous response",
    "[structured-output-enforce]",
  ]
}

extension PromptState {
  /// Whether the next message consists of tool calls.
  func awaitsCalls(_ request: StubRequest) -> Bool {
    guard let script, round < (script[.rounds] ?? 1) else { return false }
    return script.has(.tool) || script.has(.tools)
      || script.has(.schema) && request.tools.contains(StubRequest.structuredOutput)
  }

  /// Whether the script's fault applies to the next message.
  func canFail(_ request: StubRequest) -> Bool {
    guard let script else { return false }
    return script.has(.late) ? round > 0 && !awaitsCalls(request) : round == 0
  }
}
