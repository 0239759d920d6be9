package import ClaudeCode
package import Identity

/// The conversation a request carries, and where it stands: everything that takes time with a long history, made in one
/// step so that it can be made off the loop.
package struct ChatConversation: Sendable {
  /// Without the options at the head of the newest message.
  package let history: ChatHistory
  /// These options.
  package let newest: TurnOptions
  /// Where the past ends.
  package let past: ConversationKey
  /// Where it ended before the last answer.
  package let beforeAnswer: ConversationKey
  /// Up to and including what the user says now.
  package let now: ConversationKey
  /// What the past says about options.
  package let pastOptions: TurnOptions
  /// Results of the calls the past ends with, by the calls' ids.
  package let results: [String: FunctionResult]
  /// Bytes of the history, roughly: a measure of the work it makes.
  package let size: Int

  /// - Throws: `RequestError` 400 for a history whose calls and results do not fit, or bad options.
  package init(_ request: ConversationRequest, for principal: Principal, _ policy: TurnPolicy) throws {
    let whole = ChatHistory(request.messages)
    try whole.checkCalls()
    (newest, history) = policy.readsInBandOptions ? try whole.newestOptions() : (TurnOptions(), whole)
    let start = ConversationKey(
      principal: principal.id, settings: request.options.conversationSettings(isInstructed: whole.instructions != nil))
    beforeAnswer = whole.keyBeforeAnswer(from: start)
    past = ChatHistory.extend(beforeAnswer, by: whole.past.suffix(whole.past.last?.role == .assistant ? 1 : 0))
    now = ChatHistory.extend(past, by: whole.present)
    pastOptions = history.pastOptions(policy)
    results = history.results
    size = history.size
  }

  /// A conversation that is known up to a mark.
  ///
  /// - Parameter messages: what has come since, of the user and of the client's functions.
  /// - Throws: `RequestError` 400 for bad options.
  package init(_ messages: [ChatMessage], after mark: ConversationMark, _ policy: TurnPolicy) throws {
    let whole = ChatHistory(messages)
    (newest, history) = policy.readsInBandOptions ? try whole.newestOptions() : (TurnOptions(), whole)
    past = mark.past
    beforeAnswer = mark.beforeAnswer
    now = ChatHistory.extend(past, by: whole.present)
    pastOptions = history.pastOptions(policy)
    results = history.results
    size = history.size
  }
}

/// Where a conversation stood after an answer, for a request that names the answer instead of repeating it all.
package struct ConversationMark: Sendable, Equatable {
  package let past: ConversationKey
  /// Before the answer.
  package let beforeAnswer: ConversationKey
  /// What must be the same (see `conversationSettings`).
  package let settings: [String]
  /// The options of the answer's request, and what it had inherited.
  package let options: TurnOptions

  package init(past: ConversationKey, beforeAnswer: ConversationKey, settings: [String], options: TurnOptions) {
    self.past = past
    self.beforeAnswer = beforeAnswer
    self.settings = settings
    self.options = options
  }
}

extension TurnOptions {
  /// What must agree, beside the messages, for two requests to mean the same conversation. Options written into
  /// messages are part of those; the text of the instructions is given anew with every request.
  package func conversationSettings(isInstructed: Bool) -> [String] {
    [
      workspace ?? "", appendSystemPrompt ?? "", (allowedTools ?? []).joined(separator: ","),
      (disallowedTools ?? []).joined(separator: ","), (mcpAllowedTools ?? []).joined(separator: ","),
      effectivePermissionMode?.name ?? "", fileMentions == true ? "mentions" : "", isInstructed ? "instructed" : "",
    ]
  }
}
