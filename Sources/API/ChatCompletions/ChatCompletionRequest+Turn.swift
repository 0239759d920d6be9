import ClaudeCode
import EventLoop
import HTTPServer
import Identity

/// A chat completion, planned: the turn to run, and where the conversation will stand after it.
struct ChatCompletionPlan {
  let turn: Turn
  /// The conversation up to and including what the user says now.
  let key: ConversationKey
}

extension ChatCompletionRequest {
  /// Finds the session the request continues (explicit id, the id in a previous answer, the conversation it carries),
  /// and makes the turn.
  ///
  /// - Parameters:
  ///   - headerSession: what `x-session-id` says.
  ///   - patience: how long upstream retries may take.
  /// - Throws: `HTTPError`.
  @Reactor
  func plan(
    _ turns: TurnFactory, for principal: Principal, headerSession: String?, patience: Duration,
    _ context: RequestContext
  ) throws -> ChatCompletionPlan {
    let history = ChatHistory(messages)
    let (newest, prompt) =
      turns.policy.readsInBandOptions ? try history.newestOptions() : (TurnOptions(), history.present)
    let given = newest.merging(options)
    let start = ConversationKey(principal: principal.id, settings: options.conversationSettings(history))
    let past = history.pastOptions(turns.policy)
    let explicit = given.sessionID ?? headerSession ?? past.sessionID
    let found = turns.sessions.session(at: history.key(from: start))
    let session = try turns.record(explicit, for: principal) ?? found.flatMap { $0.canMove(to: newest) ? $0 : nil }

    var wanted = given
    if let instructions = history.instructions { wanted.systemPrompt = instructions }
    if session == nil || explicit != nil { wanted = wanted.inheriting(past) }
    var turn = try turns.makeTurn(
      prompt: ChatHistory.prompt(prompt, after: session == nil ? history.past : []), options: wanted,
      continuing: session, context)
    turn.retryPatience = patience
    return ChatCompletionPlan(
      turn: turn, key: ChatHistory.extend(history.key(from: start), by: history.present))
  }
}

extension SessionRecord {
  /// The CLI keeps its sessions by directory: in another workspace it does not know this one.
  fileprivate func canMove(to newest: TurnOptions) -> Bool {
    newest.workspace == nil || newest.workspace == options.workspace
  }
}

extension TurnOptions {
  /// What must agree, beside the messages, for two requests to mean the same conversation. Options written into
  /// messages are part of those; the text of the instructions is given anew with every request.
  fileprivate func conversationSettings(_ history: ChatHistory) -> [String] {
    [
      workspace ?? "", appendSystemPrompt ?? "", (allowedTools ?? []).joined(separator: ","),
      (disallowedTools ?? []).joined(separator: ","), (mcpAllowedTools ?? []).joined(separator: ","),
      effectivePermissionMode?.name ?? "", fileMentions == true ? "mentions" : "",
      history.instructions == nil ? "" : "instructed",
    ]
  }
}
