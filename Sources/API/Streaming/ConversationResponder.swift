import Bytes
import ClaudeCode
import EventLoop
import HTTP
import HTTPServer
import Identity
import Turns

/// The body of a request that carries its whole conversation.
protocol ConversationBody: Sendable {
  var isStreamed: Bool { get }
  var conversation: ConversationRequest { get }

  /// - Throws: `RequestError` 400.
  init(_ body: JSONObject) throws
}

/// A writer that also has the whole answer as one document.
protocol DocumentWriter: AnswerWriter {
  /// The body of a response that is not streamed, once the answer has ended.
  var document: [UInt8] { get }
}

/// Responds to requests that carry their whole conversation: what chat completions and Messages have in common.
@Reactor
struct ConversationResponder {
  let turns: TurnFactory
  let runner: TurnRunner
  let conversations: Conversations

  /// A planned request. It is kept as long as the run, and holds nothing large.
  struct Order {
    let isStreamed: Bool
    let stop: [String]
    let clientTools: [String: ClientTool]
    let place: ConversationPlace
    let asked: RequestedTurn
  }

  /// Decodes a request and plans its turn, off the loop where that takes time.
  ///
  /// - Parameter properties: what the encoder needs of the body.
  /// - Throws: `RequestError`.
  func order<Body: ConversationBody, Properties: Sendable>(
    _ request: HTTPRequest, _ context: RequestContext, on surface: Surface, as type: Body.Type,
    _ properties: @Sendable @escaping (Body) -> Properties
  ) async throws -> (Order, Properties) {
    let caller = try context.caller()
    let (principal, policy) = (caller.principal, turns.policy)
    let (decoded, conversation, key) = try await JSONBody.read(request) { body, bytes in
      let decoded = try Body(body)
      let conversation = try ChatConversation(decoded.conversation, for: principal, policy)
      return (decoded, conversation, IdempotencyKey(request.head, bytes, principal))
    }
    let repeated = try runner.recording(of: key).map { RequestedWork.repetition($0) }
    let plan = try await conversations.plan(
      decoded.conversation, conversation, for: caller, headerSession: try request.head.sessionID)
    let order = Order(
      isStreamed: decoded.isStreamed, stop: decoded.conversation.stop,
      clientTools: decoded.conversation.tools.extras.clientTools, place: plan.place,
      asked: RequestedTurn(repeated ?? plan.work, on: surface, for: caller, key, warnings: plan.warnings))
    return (order, properties(decoded))
  }

  /// Runs the turn and responds with its stream, or with its document.
  ///
  /// - Parameter encoder: called when the run has its session.
  /// - Throws: `RequestError`.
  func respond<Writer: DocumentWriter>(
    to order: Order, _ context: RequestContext, encoder: @escaping @Reactor (AnswerPlan) -> AnswerEncoder<Writer>
  ) async throws -> HTTPResponse {
    order.isStreamed
      ? try await stream(order, context, encoder: encoder) : try await collect(order, context, encoder: encoder)
  }

  private func stream<Writer: DocumentWriter>(
    _ order: Order, _ context: RequestContext, encoder: @escaping @Reactor (AnswerPlan) -> AnswerEncoder<Writer>
  ) async throws -> HTTPResponse {
    try await runner.stream(order.asked, context) { run in
      encoder(plan(of: order, run))
    } onEnd: { run, encoder, outcome in
      note(outcome, of: run, order, encoder.writer.message)
    }
  }

  // Not inlined: a stream's request would keep the frame of both.
  @inline(never)
  private func collect<Writer: DocumentWriter>(
    _ order: Order, _ context: RequestContext, encoder: @escaping @Reactor (AnswerPlan) -> AnswerEncoder<Writer>
  ) async throws -> HTTPResponse {
    let (run, encoder, outcome) = try await runner.collect(order.asked, context) { encoder(plan(of: order, $0)) }
    note(outcome, of: run, order, encoder.writer.message)
    return HTTPResponse(
      head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(encoder.writer.document))
  }

  private func plan(of order: Order, _ run: Run) -> AnswerPlan {
    let head =
      turns.policy.writesSessionIntoContent
      ? InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID) : ""
    return AnswerPlan(
      form: order.place.form, stop: order.stop, calls: run.turn.clientCalls, clientTools: order.clientTools,
      isWholeTurn: order.asked.isWholeTurn, head: head)
  }

  /// Records the conversation's new position.
  private func note(_ outcome: AnswerOutcome, of run: Run, _ order: Order, _ answer: ChatMessage) {
    guard order.asked.advancesConversation else { return }
    conversations.note(outcome, of: run, at: order.place, answer: answer, order.asked.caller.principal)
  }
}
