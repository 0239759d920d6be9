import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Turns

/// `POST /v1/messages` and `POST /v1/messages/count_tokens`.
@Reactor
public struct MessagesRoutes {
  private let turns: TurnFactory
  private let runner: TurnRunner
  private let conversations: Conversations

  public init(turns: TurnFactory, runner: TurnRunner, conversations: Conversations) {
    self.turns = turns
    self.runner = runner
    self.conversations = conversations
  }

  public func add(to router: inout Router) {
    router.on("POST", "/v1/messages", body: .json) { [self] request, context, _ in
      try await answer(request, context)
    }
    router.on("POST", "/v1/messages/count_tokens", body: .json) { [self] request, context, _ in
      try await count(request, context)
    }
  }

  // MARK: Messages

  /// A message to be answered. It is kept as long as the run, and holds nothing large.
  private struct Order {
    let model: String
    let isStreamed: Bool
    let includesThinking: Bool
    let stop: [String]
    let place: ConversationPlace
    let asked: RequestedTurn
  }

  private func answer(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let order = try await order(request, context)
    return order.isStreamed ? try await stream(order, context) : try await collect(order, context)
  }

  private func order(_ request: HTTPRequest, _ context: RequestContext) async throws -> Order {
    let caller = try context.caller()
    let (principal, policy) = (caller.principal, turns.policy)
    let (wanted, conversation, key) = try await JSONBody.read(request) { body, bytes in
      let wanted = try MessagesRequest(body)
      let conversation = try ChatConversation(wanted.conversation, for: principal, policy)
      return (wanted, conversation, IdempotencyKey(request.head, bytes, principal))
    }
    let repeated = try runner.recording(of: key).map { RequestedWork.repetition($0) }
    let plan = try await conversations.plan(
      wanted.conversation, conversation, for: caller, headerSession: try request.head.sessionID)
    return Order(
      model: wanted.model, isStreamed: wanted.isStreamed, includesThinking: wanted.includesThinking,
      stop: wanted.conversation.stop, place: plan.place,
      asked: RequestedTurn(repeated ?? plan.work, on: .messages, for: caller, key, warnings: plan.warnings))
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

  private func encoder(_ order: Order, _ run: Run) -> MessagesEncoder {
    MessagesEncoder(
      MessagesIdentity(id: "msg_\(turns.newID())", model: order.model), includesThinking: order.includesThinking,
      AnswerPlan(
        form: order.place.form, stop: order.stop, calls: run.turn.clientCalls, isWholeTurn: order.asked.isWholeTurn,
        head: head(run)))
  }

  /// Records the conversation's new position.
  private func note(_ outcome: AnswerOutcome, of run: Run, _ order: Order, _ encoder: MessagesEncoder) {
    guard order.asked.advancesConversation else { return }
    conversations.note(
      outcome, of: run, at: order.place, answer: encoder.writer.message, order.asked.caller.principal)
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }

  // MARK: Tokens

  private func count(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (options, tokens) = try await JSONBody.read(request) { body, _ in
      let wanted = try MessagesRequest(body).conversation
      try ChatHistory(wanted.messages).checkCalls()
      return (wanted.options, TokenEstimate(wanted).tokens)
    }
    try turns.check(options)
    context.setResponseField("x-claude-warning", "estimate")
    return .json(["input_tokens": JSONValue(tokens)])
  }
}
