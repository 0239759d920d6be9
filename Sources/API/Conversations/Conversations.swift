import ClaudeCode
public import EventLoop
import HTTPServer
import Identity

/// What a request of a conversation comes to: what to do, and where the conversation will stand after it.
struct ConversationPlan {
  let work: RequestedWork
  /// The conversation up to and including what the user says now.
  let key: ConversationKey
  let form: AnswerForm
}

/// Finds what a request goes on with, and remembers where conversations stand: the same for every dialect whose requests
/// carry one.
@Reactor
public final class Conversations {
  private let turns: TurnFactory
  private let parked: ParkedConversations
  private let retryPatience: Duration

  /// - Parameter retryPatience: how long upstream retries may take before the client is told.
  public init(turns: TurnFactory, retryPatience: Duration) {
    self.turns = turns
    self.retryPatience = retryPatience
    parked = ParkedConversations()
  }

  /// Finds the run that waits for the request's results, or the session it continues (explicit id, the id in a previous
  /// answer, the conversation it carries), and says what is to be done.
  ///
  /// - Parameters:
  ///   - form: what the answer has to be; nil for what the request says.
  ///   - headerSession: what `x-session-id` says.
  /// - Throws: `HTTPError`.
  func plan(
    _ wanted: ConversationRequest, _ conversation: ChatConversation, as form: AnswerForm? = nil,
    for principal: Principal, headerSession: String?, _ context: RequestContext
  ) throws -> ConversationPlan {
    let form = form ?? wanted.form(newID: turns.newID)
    let history = conversation.history
    if let run = parked.run(awaiting: history.results, at: conversation.beforeAnswer, principal) {
      let work = RequestedWork.resumption(run, history.results, history.question)
      return ConversationPlan(work: work, key: conversation.now, form: form)
    }
    var turn = try makeTurn(wanted.options, for: principal, conversation, headerSession, context)
    turn.retryPatience = retryPatience
    turn.outputSchema = form.schema
    if case .call = form {} else { offer(wanted.tools, to: &turn) }
    return ConversationPlan(work: .turn(turn), key: conversation.now, form: form)
  }

  /// Whether a request that goes on from `mark` can do without its past: a run waits for its results, or a session
  /// stands there.
  func knows(_ mark: ConversationMark, _ messages: [ChatMessage], _ principal: Principal) -> Bool {
    let results = ChatHistory(messages).results
    guard results.isEmpty else { return parked.run(awaiting: results, at: mark.beforeAnswer, principal) != nil }
    return turns.sessions.session(at: mark.past) != nil
  }

  private func makeTurn(
    _ options: TurnOptions, for principal: Principal, _ conversation: ChatConversation, _ headerSession: String?,
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
      content: session == nil ? history.words : history.question,
      telling: session == nil ? history.conversation(turns.policy) : [], options: wanted,
      continuing: session, context)
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
  func note(
    _ outcome: RunOutcome, of run: Run, _ plan: ConversationPlan, answer: ChatMessage, _ principal: Principal
  ) {
    switch outcome {
    case .parked: parked.park(run, at: plan.key, principal)
    case .result(let result) where !result.isError && plan.form.keepsConversation:
      turns.conversationAdvanced(run, to: ChatHistory.extend(plan.key, by: [answer]))
    case .result, .failed: break
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
  func conversationAdvanced(_ run: Run, to key: ConversationKey) { sessions.advance(run.sessionID, to: key) }
}
