import ClaudeCode
import Identity

/// The conversation a request carries, and where it stands: everything that takes time with a long history, made in one
/// step so that it can be made off the loop.
struct ChatConversation: Sendable {
  /// Without the options at the head of the newest message.
  let history: ChatHistory
  /// These options.
  let newest: TurnOptions
  /// Where the past ends.
  let past: ConversationKey
  /// Where it ended before the last answer.
  let beforeAnswer: ConversationKey
  /// Up to and including what the user says now.
  let now: ConversationKey
  /// What the past says about options.
  let pastOptions: TurnOptions
  /// Results of the calls the past ends with, by the calls' ids.
  let results: [String: FunctionResult]
  /// Bytes of the history, roughly: a measure of the work it makes.
  let size: Int

  /// - Throws: `RequestError` 400 for a history whose calls and results do not fit, or bad options.
  init(_ request: ConversationRequest, for principal: Principal, _ policy: TurnPolicy) throws {
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
  init(_ messages: [ChatMessage], after mark: ConversationMark, _ policy: TurnPolicy) throws {
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
struct ConversationMark: Sendable, Equatable {
  let past: ConversationKey
  /// Before the answer.
  let beforeAnswer: ConversationKey
  /// What must be the same (see `conversationSettings`).
  let settings: [String]
  /// The options of the answer's request, and what it had inherited.
  let options: TurnOptions
}

extension TurnOptions {
  /// What must agree, beside the messages, for two requests to mean the same conversation. Options written into
  /// messages are part of those; the text of the instructions is given anew with every request.
  func conversationSettings(isInstructed: Bool) -> [String] {
    [
      workspace ?? "", appendSystemPrompt ?? "", (allowedTools ?? []).joined(separator: ","),
      (disallowedTools ?? []).joined(separator: ","), (mcpAllowedTools ?? []).joined(separator: ","),
      effectivePermissionMode?.name ?? "", fileMentions == true ? "mentions" : "", isInstructed ? "instructed" : "",
    ]
  }
}
