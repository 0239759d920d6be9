package import ClaudeCode
public import EventLoop
package import Identity

/// What a request of a conversation comes to: what to do, and where the conversation will stand after it.
package struct ConversationPlan {
  package let work: RequestedWork
  package let place: ConversationPlace
  /// What the client is to know, though it is served.
  package var warnings: [String] = []
}

/// Where a conversation stands while its answer is made. It is kept as long as the run, and holds nothing large.
package struct ConversationPlace: Sendable {
  /// The conversation up to and including what the user says now.
  package let key: ConversationKey
  package let form: AnswerForm
}

extension ImportedHistory {
  /// Takes time with the history.
  init(_ history: ChatHistory, size: Int, _ policy: TurnPolicy) {
    let resumption = Resumption(history.conversation(policy))
    let isAsked = !resumption.transcript.isEmpty && !resumption.prompt.isEmpty
    self.init(
      transcript: isAsked ? resumption.transcript : nil, content: isAsked ? resumption.prompt : history.words,
      fallback: HistoryPrompt(size: size) { history.words })
  }
}

/// Finds what a request goes on with, and remembers where conversations stand: the same for every dialect whose requests
/// carry one.
@Reactor
public final class Conversations {
  private let turns: TurnFactory
  private let parked: ParkedConversations
  private let retryTimeout: Duration

  /// - Parameter retryTimeout: how long upstream retries may take before the client is told.
  public init(turns: TurnFactory, retryTimeout: Duration) {
    self.turns = turns
    self.retryTimeout = retryTimeout
    parked = ParkedConversations()
  }

  /// Finds the run that waits for the request's results, or the session it continues (explicit id, the id in a previous
  /// answer, the conversation it carries), and says what is to be done.
  ///
  /// - Parameters:
  ///   - form: what the answer has to be; nil for what the request says.
  ///   - headerSession: what `x-session-id` says.
  /// - Throws: `RequestError`.
  package func plan(
    _ wanted: ConversationRequest, _ conversation: ChatConversation, as form: AnswerForm? = nil,
    for caller: Caller, headerSession: String?
  ) async throws -> ConversationPlan {
    let place = ConversationPlace(key: conversation.now, form: form ?? wanted.form(newID: turns.newID))
    let results = conversation.results
    if let run = parked.run(awaiting: results, at: conversation.beforeAnswer, caller.principal) {
      let work = RequestedWork.resumption(run, results, conversation.history.question)
      return ConversationPlan(work: work, place: place)
    }
    var (turn, warnings) = try await makeTurn(wanted.options, for: caller, conversation, headerSession)
    turn.retryTimeout = retryTimeout
    turn.outputSchema = place.form.schema
    if case .call = place.form {} else { offer(wanted.tools, to: &turn) }
    return ConversationPlan(work: .turn(turn), place: place, warnings: warnings)
  }

  /// Whether a request that goes on from `mark` can do without its past: a run waits for its results, or a session
  /// stands there.
  ///
  /// - Parameter results: what the request brings, by the calls' ids.
  package func knows(_ mark: ConversationMark, _ results: [String: FunctionResult], _ principal: Principal) -> Bool {
    guard results.isEmpty else { return parked.run(awaiting: results, at: mark.beforeAnswer, principal) != nil }
    return turns.sessions.session(at: mark.past) != nil
  }

  private func makeTurn(
    _ options: TurnOptions, for caller: Caller, _ conversation: ChatConversation, _ headerSession: String?
  ) async throws -> (turn: Turn, warnings: [String]) {
    let (history, newest, past) = (conversation.history, conversation.newest, conversation.pastOptions)
    let given = newest.merging(options)
    let explicit = given.sessionID ?? headerSession ?? past.sessionID
    let found = turns.sessions.session(at: conversation.past)
    var session =
      try turns.record(explicit, for: caller.principal) ?? found.flatMap { $0.canMove(to: newest) ? $0 : nil }
    // Results of a turn that is gone: its session waits for nothing any more, the whole history has to be told.
    if !conversation.results.isEmpty { session = nil }

    var wanted = given
    if let instructions = history.instructions { wanted.systemPrompt = instructions }
    if session == nil || explicit != nil { wanted = wanted.inheriting(past) }
    let imported = session == nil ? await self.imported(conversation) : nil
    return try turns.makeTurn(
      content: history.question, beginningWith: imported, options: wanted, continuing: session, for: caller)
  }

  /// Nil for a conversation that only begins, and in words.
  private func imported(_ conversation: ChatConversation) async -> ImportedHistory? {
    let (history, size, policy) = (conversation.history, conversation.size, turns.policy)
    // An image has to be told even where nothing was said before it; see `Resumption`.
    guard !history.told.isEmpty || history.question.contains(where: { $0.text == nil }) else { return nil }
    return await OffLoop.shared.run(on: size) { ImportedHistory(history, size: size, policy) }
  }

  private func offer(_ tools: ChatTools, to turn: inout Turn) {
    turn.functions = tools.functions
    if !tools.areParallel { turn.maximumCalls = 1 }
    guard tools.choice == .none, !tools.functions.isEmpty else { return }
    // They stay offered: the upstream refuses a history of calls without them.
    turn.content.append(.text("(Answer in words, without calling a function.)"))
  }

  /// Remembers where the conversation stands after this answer.
  ///
  /// - Parameter answer: as the client will send it back.
  package func note(
    _ outcome: AnswerOutcome, of run: Run, at place: ConversationPlace, answer: ChatMessage, _ principal: Principal
  ) {
    switch outcome {
    case .ended(.parked): parked.park(run, at: place.key, principal)
    case .ended(.result(let result)) where !result.isError && place.form.keepsConversation:
      turns.conversationAdvanced(run, to: ChatHistory.extend(place.key, by: [answer]))
    case .ended, .complete: break
    }
  }
}

extension SessionRecord {
  /// The CLI keeps its sessions by directory: in another workspace it does not know this one.
  fileprivate func canMove(to newest: TurnOptions) -> Bool {
    newest.workspace == nil || newest.workspace == options.workspace
  }
}

extension AnswerForm {
  /// Whether the session knows the answer as the client does: not so a call that was made of a structured answer.
  fileprivate var keepsConversation: Bool { if case .call = self { false } else { true } }
}

extension TurnFactory {
  /// The turn ended well: a request that carries the conversation up to here continues its session.
  package func conversationAdvanced(_ run: Run, to key: ConversationKey) { sessions.advance(run.sessionID, to: key) }
}
