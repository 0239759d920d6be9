import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Telemetry
public import Turns

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
    router.on("POST", "/v1/chat/completions", body: .json) { [self] request, context, _ in
      try await complete(request, context)
    }
  }

  /// A completion that is to be made. It is kept as long as the run, and holds nothing large.
  private struct Order {
    let isStreamed: Bool
    let includesUsage: Bool
    let stop: [String]
    let identity: ChatCompletionIdentity
    let place: ConversationPlace
    let asked: RequestedTurn
  }

  private func complete(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let order = try await order(request, context)
    return order.isStreamed ? try await stream(order, context) : try await collect(order, context)
  }

  private func order(_ request: HTTPRequest, _ context: RequestContext) async throws -> Order {
    let caller = try context.caller()
    let (principal, policy) = (caller.principal, turns.policy)
    let (wanted, conversation, key) = try await JSONBody.read(request) { body, bytes in
      let wanted = try ChatCompletionRequest(body)
      let conversation = try ChatConversation(wanted.conversation, for: principal, policy)
      return (wanted, conversation, IdempotencyKey(request.head, bytes, principal))
    }
    let repeated = try runner.recording(of: key).map { RequestedWork.repetition($0) }
    let plan = try await conversations.plan(
      wanted.conversation, conversation, for: caller, headerSession: try request.head.sessionID)
    let identity = ChatCompletionIdentity(
      id: "chatcmpl-\(turns.newID())", created: clock().seconds, model: wanted.model)
    return Order(
      isStreamed: wanted.isStreamed, includesUsage: wanted.includesUsage, stop: wanted.conversation.stop,
      identity: identity, place: plan.place,
      asked: RequestedTurn(repeated ?? plan.work, on: .chatCompletion, for: caller, key, warnings: plan.warnings))
  }

  private func stream(_ order: Order, _ context: RequestContext) async throws -> HTTPResponse {
    let (place, asked) = (order.place, order.asked)
    return try await runner.stream(asked, context) { run in
      ChatCompletionEncoder(
        order.identity, includesUsage: order.includesUsage, head: head(run), form: place.form,
        maximumCalls: run.turn.maximumCalls, functions: run.turn.functionNames, stop: order.stop,
        isWholeTurn: asked.isWholeTurn)
    } onEnd: { run, encoder, outcome in
      guard asked.advancesConversation else { return }
      conversations.note(outcome, of: run, at: place, answer: encoder.message, asked.caller.principal)
    }
  }

  private func collect(_ order: Order, _ context: RequestContext) async throws -> HTTPResponse {
    let (place, asked) = (order.place, order.asked)
    let (run, collector, outcome) = try await runner.collect(asked, context) { run in
      ChatCompletionCollector(
        maximumCalls: run.turn.maximumCalls, functions: run.turn.functionNames, needsText: place.form == .text,
        stop: place.form == .text ? order.stop : [])
    }
    let response: ChatCompletionResponse
    do {
      response = try ChatCompletionResponse(
        order.identity, collector.run, form: place.form, isWholeTurn: asked.isWholeTurn, head: head(run))
    } catch {
      throw runner.failure(error, context)
    }
    if asked.advancesConversation {
      conversations.note(outcome, of: run, at: place, answer: response.message, asked.caller.principal)
    }
    return HTTPResponse(
      head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(response.encoded))
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }
}
