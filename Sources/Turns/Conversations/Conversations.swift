package import ClaudeCode
public import EventLoop
package import Identity

/// What a conversation's request comes to: the work, and the conversation's position after it.
package struct ConversationPlan {
  package let work: RequestedWork
  package let place: ConversationPlace
  /// Warnings for the client of a request that is served.
  package var warnings: [String] = []
}

/// The position of a conversation while its answer is made. It is kept as long as the run, and holds nothing large.
package struct ConversationPlace: Sendable {
  /// The position after the user's newest message.
  package let key: ConversationKey
  package let form: AnswerForm
}

extension ImportedHistory {
  /// Takes time with the history.
  init(_ history: ChatHistory, offering functions: [FunctionDeclaration], size: Int, _ policy: TurnPolicy) {
    let resumption = Resumption(history.conversation(policy, offering: functions))
    let isAsked = !resumption.transcript.isEmpty && !resumption.prompt.isEmpty
    self.init(
      transcript: isAsked ? resumption.transcript : nil, content: isAsked ? resumption.prompt : history.words,
      fallback: HistoryPrompt(size: size) { history.words })
  }
}

/// Finds the session or run that a request continues, and records the positions of conversations: the same for every
/// dialect with conversations.
@Reactor
public final class Conversations {
  private let turns: TurnFactory
  private let parked: ParkedConversations
  private var forced = ForcedAnswers()
  private let retryTimeout: Duration

  /// - Parameter retryTimeout: how long the CLI may wait for upstream retries before the turn fails.
  public init(turns: TurnFactory, retryTimeout: Duration) {
    self.turns = turns
    self.retryTimeout = retryTimeout
    parked = ParkedConversations()
  }

  /// Finds the run that waits for the request's results, or the session that the request continues: by explicit id, by
  /// the id in an earlier answer, or by the conversation it carries.
  ///
  /// - Parameters:
  ///   - form: what the answer has to be; nil for what the request says.
  ///   - headerSession: the value of `x-session-id`.
  /// - Throws: `RequestError`.
  package func plan(
    _ request: ConversationRequest, _ conversation: ChatConversation, as form: AnswerForm? = nil,
    for caller: Caller, headerSession: String?
  ) async throws -> ConversationPlan {
    let place = ConversationPlace(key: conversation.now, form: form ?? request.form(newID: turns.newID))
    let results = parked.renamed(
      conversation.results, of: conversation.calls, at: conversation.beforeAnswer, caller.principal)
    let waiting = parked.run(awaiting: results, at: conversation.beforeAnswer, caller.principal)
    if let waiting, conversation.reachesLiveTurn {
      let work = RequestedWork.resumption(waiting, results, conversation.history.question)
      return ConversationPlan(work: work, place: place, warnings: request.tools.extras.warnings)
    }
    var (turn, warnings) = try await makeTurn(request, for: caller, conversation, headerSession)
    // The history answers instead; nobody will resume the run.
    waiting?.cancel()
    turn.retryTimeout = retryTimeout
    turn.outputSchema = place.form.schema
    if case .call = place.form {} else { offer(request.tools, to: &turn) }
    warnings += try allowBuiltIn(request.tools, in: &turn) + request.tools.extras.warnings
    return ConversationPlan(work: .turn(turn), place: place, warnings: warnings)
  }

  /// Whether a request that continues from `mark` can be served without its past: a run waits for its results, or a
  /// session is at that position.
  ///
  /// - Parameter results: the results in the request, by the ids of their calls.
  package func knows(_ mark: ConversationMark, _ results: [String: FunctionResult], _ principal: Principal) -> Bool {
    if parked.run(awaiting: results, at: mark.beforeAnswer, principal) != nil { return true }
    guard Set(results.keys) == Set(mark.calls.keys) else { return false }
    return turns.sessions.session(at: mark.past) != nil
  }

  private func makeTurn(
    _ request: ConversationRequest, for caller: Caller, _ conversation: ChatConversation, _ headerSession: String?
  ) async throws -> (turn: Turn, warnings: [String]) {
    let (history, newest, past) = (conversation.history, conversation.newest, conversation.pastOptions)
    let given = newest.merging(request.options)
    let explicit = given.sessionID ?? headerSession ?? past.sessionID
    let found = turns.sessions.session(at: conversation.past) ?? toldSession(conversation)
    var session =
      try turns.record(explicit, for: caller.principal) ?? found.flatMap { $0.canMove(to: newest) ? $0 : nil }
    // A session is at a position with open calls only if it was forced to make them: to the CLI they are a structured
    // answer, and the results follow as text. Otherwise the run that waited for these results is gone, so a new session
    // gets the whole history.
    if !conversation.results.isEmpty, session?.position != conversation.past { session = nil }

    var requested = given
    if let instructions = history.instructions { requested.systemPrompt = instructions }
    if session == nil || explicit != nil { requested = requested.inheriting(past) }
    let imported = session == nil ? await self.imported(conversation, offering: request.tools.functions) : nil
    return try turns.makeTurn(
      content: conversation.answers, beginningWith: imported, options: requested, continuing: session, for: caller)
  }

  /// The session of a forced call that the client tells in words.
  private func toldSession(_ conversation: ChatConversation) -> SessionRecord? {
    guard conversation.results.isEmpty, let answer = conversation.history.past.last,
      let told = forced.session(at: conversation.beforeAnswer, telling: answer.text),
      let record = turns.sessions.record(told.id), record.position == told.position
    else { return nil }
    return record
  }

  /// Nil for a conversation that only begins.
  private func imported(
    _ conversation: ChatConversation, offering functions: [FunctionDeclaration]
  ) async -> ImportedHistory? {
    let (history, size, policy) = (conversation.history, conversation.size, turns.policy)
    // An image goes into the transcript even if nothing comes before it; see `Resumption`.
    guard !history.preceding.isEmpty || history.question.contains(where: { $0.text == nil }) else { return nil }
    return await OffLoop.shared.run(on: size) { ImportedHistory(history, offering: functions, size: size, policy) }
  }

  private func offer(_ tools: ChatTools, to turn: inout Turn) {
    turn.functions = tools.functions
    if !tools.areParallel { turn.maximumCalls = 1 }
    guard tools.choice == .none, !tools.functions.isEmpty else { return }
    // The functions stay offered: the upstream refuses a history of calls without them.
    turn.content.append(.text("(Answer in words, without calling a function.)"))
  }

  /// Allows the turn the tools of Claude Code's that the request asks for.
  ///
  /// - Returns: a warning for those that the ceiling does not permit.
  /// - Throws: `RequestError` 403 if it permits none, and the request asks for nothing else.
  private func allowBuiltIn(_ tools: ChatTools, in turn: inout Turn) throws -> [String] {
    let ceiling = turn.toolCeiling
    let refused = tools.extras.builtIn.filter { !ceiling.permits($0) }
    turn.allowedBuiltInTools = tools.extras.builtIn.filter(ceiling.permits)
    guard !refused.isEmpty else { return [] }
    let message = "This server's ceiling does not let requests approve \(refused.joined(separator: " and "))"
    guard !tools.functions.isEmpty || !turn.allowedBuiltInTools.isEmpty else {
      throw TurnPolicy.forbidden(message, param: "tools")
    }
    return [message]
  }

  /// Records the conversation's position after this answer.
  ///
  /// - Parameter answer: as the client will send it back.
  package func note(
    _ outcome: AnswerOutcome, of run: Run, at place: ConversationPlace, answer: ChatMessage, _ principal: Principal
  ) {
    switch outcome {
    case .ended(.parked): parked.park(run, at: place.key, calls: answer.calls, principal)
    case .ended(.result(let result)) where !result.isError:
      let position = ChatHistory.extend(place.key, by: [answer])
      turns.conversationAdvanced(run, to: position)
      if case .call(_, let id) = place.form { forced.note(id, of: run.sessionID, at: place.key, then: position) }
    case .ended, .complete: break
    }
  }
}

extension SessionRecord {
  /// The CLI stores sessions by directory: in another workspace it does not know this one.
  fileprivate func canMove(to newest: TurnOptions) -> Bool {
    newest.workspace == nil || newest.workspace == options.workspace
  }
}

extension TurnFactory {
  /// The turn ended well: a request with the conversation up to here continues its session.
  package func conversationAdvanced(_ run: Run, to key: ConversationKey) { sessions.advance(run.sessionID, to: key) }
}
