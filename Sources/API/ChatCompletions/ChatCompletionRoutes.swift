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
  private let turns: TurnFactory
  private let runner: TurnRunner
  private let conversations: Conversations
  private let clock: @Sendable () -> Timestamp

  public init(
    turns: TurnFactory, runner: TurnRunner, conversations: Conversations, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.turns = turns
    self.runner = runner
    self.conversations = conversations
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
      let conversation = try ChatConversation(wanted.conversation, for: principal, policy)
      return (wanted, conversation, RequestKey(request, principal))
    }
    let plan = try conversations.plan(
      wanted.conversation, conversation, for: principal, headerSession: try request.head.sessionID, context)
    let identity = ChatCompletionIdentity(
      id: "chatcmpl-\(turns.newID())", created: clock().seconds, model: wanted.model)
    let repeated = runner.recording(of: requestKey).map { RequestedWork.repetition($0) }
    let asked = RequestedTurn(repeated ?? plan.work, on: .chatCompletion, for: principal, requestKey, context)
    return wanted.isStreamed
      ? try await stream(wanted, plan, identity, asked) : try await collect(wanted, plan, identity, asked)
  }

  private func stream(
    _ wanted: ChatCompletionRequest, _ plan: ConversationPlan, _ identity: ChatCompletionIdentity,
    _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let isNews = asked.isNews
    return try await runner.stream(asked) { run in
      ChatCompletionEncoder(
        identity, includesUsage: wanted.includesUsage, head: head(run), form: plan.form,
        maximumCalls: run.turn.maximumCalls, functions: run.turn.functionNames, stop: wanted.conversation.stop,
        isWholeTurn: asked.isWholeTurn)
    } onEnd: { run, encoder, outcome in
      if isNews { conversations.note(outcome, of: run, plan, answer: encoder.message, asked.principal) }
    }
  }

  private func collect(
    _ wanted: ChatCompletionRequest, _ plan: ConversationPlan, _ identity: ChatCompletionIdentity,
    _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let isNews = asked.isNews
    let (run, collector, outcome) = try await runner.collect(asked) { run in
      ChatCompletionCollector(
        maximumCalls: run.turn.maximumCalls, functions: run.turn.functionNames, needsText: plan.form == .text,
        stop: plan.form == .text ? wanted.conversation.stop : [])
    }
    let response: ChatCompletionResponse
    do {
      response = try ChatCompletionResponse(
        identity, collector.run, form: plan.form, isWholeTurn: asked.isWholeTurn, head: head(run))
    } catch {
      throw runner.rendered(error, asked.context)
    }
    if isNews { conversations.note(outcome, of: run, plan, answer: response.message, asked.principal) }
    return HTTPResponse(
      head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(response.encoded))
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }
}
