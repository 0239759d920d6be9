import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Telemetry

/// `POST /v1/chat/completions`.
@Reactor
public struct ChatCompletionRoutes {
  private let retryPatience: Duration
  private let turns: TurnFactory
  private let runner: TurnRunner
  private let parked: ParkedConversations
  private let clock: @Sendable () -> Timestamp

  /// - Parameter retryPatience: how long upstream retries may take before the client is told.
  public init(
    retryPatience: Duration, turns: TurnFactory, runner: TurnRunner, parked: ParkedConversations,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.retryPatience = retryPatience
    self.turns = turns
    self.runner = runner
    self.parked = parked
    self.clock = clock
  }

  public func add(to router: inout Router) {
    router.on("POST", "/v1/chat/completions") { [self] request, context, _ in try await complete(request, context) }
  }

  private func complete(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let principal = context[Principal.self] ?? .anonymous
    let policy = turns.policy
    let (wanted, conversation, requestKey) = try await JSONBody.read(request) { body in
      let wanted = try ChatCompletionRequest(body)
      let conversation = try ChatConversation(wanted, for: principal, policy)
      return (wanted, conversation, RequestKey(request, principal))
    }
    let plan = try wanted.plan(
      conversation, turns, parked, for: principal, headerSession: try request.head.sessionID, patience: retryPatience,
      context)
    let identity = ChatCompletionIdentity(
      id: "chatcmpl-\(turns.newID())", created: clock().seconds, model: wanted.model)
    let repeated = runner.recording(of: requestKey).map { RequestedWork.repetition($0) }
    let asked = RequestedTurn(repeated ?? plan.work, for: principal, requestKey, context)
    return wanted.isStreamed
      ? try await stream(wanted, plan, identity, asked) : try await collect(wanted, plan, identity, asked)
  }

  private func stream(
    _ wanted: ChatCompletionRequest, _ plan: ChatCompletionPlan, _ identity: ChatCompletionIdentity,
    _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let isNews = asked.isNews
    return try await runner.stream(asked) { run in
      ChatCompletionEncoder(
        identity, includesUsage: wanted.includesUsage, head: head(run), form: plan.form,
        maximumCalls: run.turn.maximumCalls, functions: run.turn.functionNames, stop: wanted.stop,
        isWholeTurn: asked.isWholeTurn)
    } onEnd: { run, encoder, outcome in
      if isNews { note(outcome, of: run, plan, answer: encoder.message, asked.principal) }
    }
  }

  private func collect(
    _ wanted: ChatCompletionRequest, _ plan: ChatCompletionPlan, _ identity: ChatCompletionIdentity,
    _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let isNews = asked.isNews
    let turn = asked.work.turn
    let collector = RunCollector(
      maximumCalls: turn.maximumCalls, functions: turn.functionNames, needsText: plan.form == .text,
      stop: plan.form == .text ? wanted.stop : [])
    let (run, collected) = try await runner.collect(asked, collector)
    let response: ChatCompletionResponse
    do {
      response = try ChatCompletionResponse(
        identity, collected, form: plan.form, isWholeTurn: asked.isWholeTurn, head: head(run))
    } catch {
      throw runner.rendered(error, asked.context)
    }
    if isNews, !collected.isStopped {
      note(collected.result.map { .result($0) } ?? .parked, of: run, plan, answer: response.message, asked.principal)
    }
    return HTTPResponse(
      head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(response.encoded))
  }

  /// Remembers where the conversation stands.
  private func note(
    _ outcome: RunOutcome, of run: Run, _ plan: ChatCompletionPlan, answer: ChatMessage, _ principal: Principal
  ) {
    switch outcome {
    case .parked: parked.park(run, at: plan.key, principal)
    case .result(let result) where !result.isError && plan.form.keepsConversation:
      turns.conversationAdvanced(run, to: ChatHistory.extend(plan.key, by: [answer]), principal)
    case .result, .failed: break
    }
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }
}

@Reactor
extension RequestedWork {
  /// The turn that is to run or goes on.
  fileprivate var turn: Turn {
    switch self {
    case .turn(let turn): turn
    case .resumption(let run, _, _): run.turn
    case .repetition(let recording): recording.run.turn
    }
  }
}

extension AnswerForm {
  /// Whether the session knows the answer as the client does: not so a call that was made of a structured answer.
  fileprivate var keepsConversation: Bool { if case .call = self { false } else { true } }
}

extension TurnFactory {
  /// The turn ended well: a request that carries the conversation up to here continues its session.
  func conversationAdvanced(_ run: Run, to key: ConversationKey, _ principal: Principal) {
    sessions.save(
      SessionRecord(id: run.sessionID, principal: principal.id, options: run.turn.options, position: key))
  }
}
