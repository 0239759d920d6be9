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
  private let clock: @Sendable () -> Timestamp

  /// - Parameter retryPatience: how long upstream retries may take before the client is told.
  public init(
    retryPatience: Duration, turns: TurnFactory, runner: TurnRunner, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.retryPatience = retryPatience
    self.turns = turns
    self.runner = runner
    self.clock = clock
  }

  public func add(to router: inout Router) {
    router.on("POST", "/v1/chat/completions") { [self] request, context, _ in try await complete(request, context) }
  }

  private func complete(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let wanted = try ChatCompletionRequest(try await JSONBody.object(of: request))
    let principal = context[Principal.self] ?? .anonymous
    let plan = try wanted.plan(
      turns, for: principal, headerSession: try request.head.sessionID, patience: retryPatience, context)
    let identity = ChatCompletionIdentity(
      id: "chatcmpl-\(turns.newID())", created: clock().seconds, model: wanted.model)
    let asked = RequestedTurn(plan.turn, for: principal, request.head, context)
    return wanted.isStreamed
      ? try await stream(wanted, plan, identity, asked) : try await collect(plan, identity, asked)
  }

  private func stream(
    _ wanted: ChatCompletionRequest, _ plan: ChatCompletionPlan, _ identity: ChatCompletionIdentity,
    _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    try await runner.stream(asked) { run in
      ChatCompletionEncoder(identity, includesUsage: wanted.includesUsage, head: head(run))
    } onEnd: { [turns] run, encoder, outcome in
      if case .result(let result) = outcome, !result.isError {
        turns.conversationAdvanced(plan, run, answer: encoder.answer, asked.principal)
      }
    }
  }

  private func collect(
    _ plan: ChatCompletionPlan, _ identity: ChatCompletionIdentity, _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let collector = RunCollector()
    let (run, result) = try await runner.collect(asked, collector)
    let text = (try? JSONText.unescape(collector.answer.text.span)) ?? ""
    if !result.isError { turns.conversationAdvanced(plan, run, answer: text, asked.principal) }
    let response = ChatCompletionResponse(
      identity: identity, result: result, stopReason: collector.stopReason, answer: collector.answer,
      head: head(run))
    return HTTPResponse(
      head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(response.encoded))
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }
}

extension TurnFactory {
  /// The turn ended well: a request that carries the conversation up to here continues its session.
  func conversationAdvanced(_ plan: ChatCompletionPlan, _ run: Run, answer: String, _ principal: Principal) {
    sessions.save(
      SessionRecord(
        id: run.sessionID, principal: principal.id, options: plan.turn.options,
        position: plan.key.appending(role: "assistant", text: answer)))
  }
}
