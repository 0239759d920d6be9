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

  /// A completion to be made. It is kept as long as the run, and holds nothing large.
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
    try await runner.stream(order.asked, context) { run in
      encoder(order, run)
    } onEnd: { run, encoder, outcome in
      note(outcome, of: run, order, encoder)
    }
  }

  private func collect(_ order: Order, _ context: RequestContext) async throws -> HTTPResponse {
    let (run, read, outcome) = try await runner.collect(order.asked, context) { encoder(order, $0) }
    note(outcome, of: run, order, read)
    return HTTPResponse(
      head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(read.writer.document))
  }

  private func encoder(_ order: Order, _ run: Run) -> ChatCompletionEncoder {
    ChatCompletionEncoder(
      order.identity, includesUsage: order.includesUsage, isStreamed: order.isStreamed,
      AnswerPlan(
        form: order.place.form, stop: order.stop, calls: run.turn.clientCalls, isWholeTurn: order.asked.isWholeTurn,
        head: head(run)))
  }

  /// Records the conversation's new position.
  private func note(_ outcome: AnswerOutcome, of run: Run, _ order: Order, _ encoder: ChatCompletionEncoder) {
    guard order.asked.advancesConversation else { return }
    conversations.note(
      outcome, of: run, at: order.place, answer: encoder.writer.message, order.asked.caller.principal)
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }
}
