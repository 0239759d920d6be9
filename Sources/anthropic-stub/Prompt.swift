import HTTPServer

/// Where a conversation stands: the script in force, what the user said last, which tool results have come since.
struct Prompt {
  var script: Script?
  var text = ""
  /// The results in the last message; nil if it is no answer to calls.
  var toolResult: String?
  /// Whether the CLI, not the user, asks for more: after max_tokens, a refusal or an empty message.
  var isContinuation = false
  /// How many messages with tool results have come since the script.
  var round = 0

  init(_ messages: [RequestMessage]) throws(HTTPError) {
    // The last message of all may be one of the CLI's with role "system".
    guard let last = messages.lastIndex(where: { $0.role == "user" }) else { return }
    let newest = messages[last].newestPart
    text = Script.removed(from: newest.userTexts.last ?? "")
    script = try newest.script()
    guard script == nil else { return }
    isContinuation = Prompt.continuations.contains { text.hasPrefix($0) }
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
