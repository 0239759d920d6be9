package import ClaudeCode
package import Identity

/// The conversation that a request carries, and its position: all work that takes time with a long history, in one step
/// that can run off the loop.
package struct ChatConversation: Sendable {
  /// Without the options at the head of the newest message, and without images and documents beyond the upstream's bounds.
  package let history: ChatHistory
  /// The options at the head of the newest message.
  package let newest: TurnOptions
  /// The position after the past.
  package let past: ConversationKey
  /// The position before the last answer.
  package let beforeAnswer: ConversationKey
  /// The position after the user's newest message.
  package let now: ConversationKey
  /// The options that the past has.
  package let pastOptions: TurnOptions
  /// Results of the calls at the end of the past, by their ids.
  package let results: [String: FunctionResult]
  /// The results and the user's newest content, for a session that has the calls as structured answers.
  let answers: [ContentBlock]
  /// The calls that the results answer.
  package let calls: CallOrder
  /// Approximate bytes of the history: a measure of the work it causes.
  package let size: Int

  /// - Throws: `RequestError` 400 for a history whose calls and results do not match, or for bad options.
  package init(_ request: ConversationRequest, for principal: Principal, _ policy: TurnPolicy) throws {
    let whole = ChatHistory(request.messages)
    try whole.checkCalls()
    (newest, history) = try ChatConversation.divided(whole, policy)
    let start = ConversationKey(
      principal: principal.id, settings: request.options.conversationSettings(isInstructed: whole.instructions != nil))
    beforeAnswer = whole.keyBeforeAnswer(from: start)
    past = ChatHistory.extend(beforeAnswer, by: whole.past.suffix(whole.past.last?.role == .assistant ? 1 : 0))
    now = ChatHistory.extend(past, by: whole.present)
    pastOptions = history.pastOptions(policy)
    results = history.results
    let made = history.past.last?.calls ?? []
    calls = CallOrder(made)
    answers = history.resultsAsText(ConversationMark.names(of: made)) + history.question
    size = history.size
  }

  /// A conversation that is known up to a mark.
  ///
  /// - Parameter messages: the messages since then, of the user and of the client's functions.
  /// - Throws: `RequestError` 400 for bad options.
  package init(_ messages: [ChatMessage], after mark: ConversationMark, _ policy: TurnPolicy) throws {
    let whole = ChatHistory(messages)
    (newest, history) = try ChatConversation.divided(whole, policy)
    past = mark.past
    beforeAnswer = mark.beforeAnswer
    now = ChatHistory.extend(past, by: whole.present)
    pastOptions = history.pastOptions(policy)
    results = history.results
    calls = CallOrder([])
    answers = history.resultsAsText(mark.calls) + history.question
    size = history.size
  }

  /// Whether its results, and what the user says besides, reach a turn that waits for them. During a turn the CLI takes
  /// texts of the user only (2.1.329).
  var reachesLiveTurn: Bool {
    results.values.allSatisfy(\.reachesLiveTurn) && history.question.allSatisfy { $0.text != nil }
  }

  // The positions are those of the whole history: what is left out changes with every message.
  private static func divided(_ whole: ChatHistory, _ policy: TurnPolicy) throws -> (TurnOptions, ChatHistory) {
    let (newest, history) = policy.readsInBandOptions ? try whole.newestOptions() : (TurnOptions(), whole)
    return (newest, history.withinBounds)
  }
}

/// The position of a conversation after an answer, for a request that names the answer instead of repeating the
/// conversation.
package struct ConversationMark: Sendable, Equatable {
  package let past: ConversationKey
  /// The position before the answer.
  package let beforeAnswer: ConversationKey
  /// What must be equal (see `conversationSettings`).
  package let settings: [String]
  /// The options of the answer's request, inherited ones included.
  package let options: TurnOptions
  /// The names of the functions that the answer calls, by the ids of the calls.
  package let calls: [String: String]

  package init(
    past: ConversationKey, beforeAnswer: ConversationKey, settings: [String], options: TurnOptions,
    calls: [ChatToolCall] = []
  ) {
    self.calls = ConversationMark.names(of: calls)
    self.past = past
    self.beforeAnswer = beforeAnswer
    self.settings = settings
    self.options = options
  }

  fileprivate static func names(of calls: [ChatToolCall]) -> [String: String] {
    Dictionary(calls.map { ($0.id, $0.name) }) { first, _ in first }
  }
}

extension TurnOptions {
  /// What must be equal, besides the messages, for two requests to belong to the same conversation. Options inside
  /// messages are part of the messages; the text of the instructions comes with every request.
  package func conversationSettings(isInstructed: Bool) -> [String] {
    [
      workspace ?? "", appendSystemPrompt ?? "", (allowedTools ?? []).joined(separator: ","),
      (disallowedTools ?? []).joined(separator: ","), (mcpAllowedTools ?? []).joined(separator: ","),
      effectivePermissionMode?.name ?? "", fileMentions == true ? "mentions" : "", isInstructed ? "instructed" : "",
    ]
  }
}
