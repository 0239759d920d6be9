import ClaudeCode
import EventLoop
import HTTPServer
import Identity

/// A chat completion, planned: what to do, and where the conversation will stand after it.
struct ChatCompletionPlan {
  let work: RequestedWork
  /// The conversation up to and including what the user says now.
  let key: ConversationKey
  let form: AnswerForm
}

extension ChatCompletionRequest {
  /// Finds the run that waits for this request's results, or the session it continues (explicit id, the id in a previous
  /// answer, the conversation it carries), and says what is to be done.
  ///
  /// - Parameters:
  ///   - headerSession: what `x-session-id` says.
  ///   - patience: how long upstream retries may take.
  /// - Throws: `HTTPError`.
  @Reactor
  func plan(
    _ conversation: ChatConversation, _ turns: TurnFactory, _ parked: ParkedConversations, for principal: Principal,
    headerSession: String?, patience: Duration, _ context: RequestContext
  ) throws -> ChatCompletionPlan {
    let form = form(newID: turns.newID)
    let history = conversation.history
    if let run = parked.run(awaiting: history.results, at: conversation.beforeAnswer, principal) {
      let work = RequestedWork.resumption(run, history.results, ChatHistory.neutral(history.question))
      return ChatCompletionPlan(work: work, key: conversation.now, form: form)
    }
    var turn = try makeTurn(turns, for: principal, conversation, headerSession, context)
    turn.retryPatience = patience
    turn.outputSchema = form.schema
    if case .call = form {} else { offer(to: &turn) }
    return ChatCompletionPlan(work: .turn(turn), key: conversation.now, form: form)
  }

  @Reactor
  private func makeTurn(
    _ turns: TurnFactory, for principal: Principal, _ conversation: ChatConversation, _ headerSession: String?,
    _ context: RequestContext
  ) throws -> Turn {
    let (history, newest) = (conversation.history, conversation.newest)
    let given = newest.merging(options)
    let past = history.pastOptions(turns.policy)
    let explicit = given.sessionID ?? headerSession ?? past.sessionID
    let found = turns.sessions.session(at: conversation.past)
    var session = try turns.record(explicit, for: principal) ?? found.flatMap { $0.canMove(to: newest) ? $0 : nil }
    // Results of a turn that is gone: its session waits for nothing any more, the whole history has to be told.
    if !history.results.isEmpty { session = nil }

    var wanted = given
    if let instructions = history.instructions { wanted.systemPrompt = instructions }
    if session == nil || explicit != nil { wanted = wanted.inheriting(past) }
    return try turns.makeTurn(
      content: session == nil ? history.words : ChatHistory.neutral(history.question),
      telling: session == nil ? history.conversation(turns.policy) : [], options: wanted,
      continuing: session, context)
  }

  private func offer(to turn: inout Turn) {
    turn.functions = tools.functions
    if !tools.areParallel { turn.maximumCalls = 1 }
    guard tools.choice == .none, !tools.functions.isEmpty else { return }
    // They stay offered: the upstream refuses a history of calls without them.
    turn.content.append(.text("(Answer in words, without calling a function.)"))
  }
}

extension SessionRecord {
  /// The CLI keeps its sessions by directory: in another workspace it does not know this one.
  fileprivate func canMove(to newest: TurnOptions) -> Bool {
    newest.workspace == nil || newest.workspace == options.workspace
  }
}
