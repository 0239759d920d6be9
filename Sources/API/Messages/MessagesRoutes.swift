import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity

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
    router.on("POST", "/v1/messages") { [self] request, context, _ in try await answer(request, context) }
    router.on("POST", "/v1/messages/count_tokens") { [self] request, context, _ in
      try await count(request, context)
    }
  }

  private struct Wanted: Sendable {
    let request: MessagesRequest
    let conversation: ChatConversation
    let key: RequestKey?
  }

  private func read(_ request: HTTPRequest, _ principal: Principal) async throws -> Wanted {
    let policy = turns.policy
    return try await JSONBody.read(request) { body in
      let wanted = try MessagesRequest(body)
      return Wanted(
        request: wanted, conversation: try ChatConversation(wanted.conversation, for: principal, policy),
        key: RequestKey(request, principal))
    }
  }

  // MARK: Messages

  private func answer(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let principal = context[Principal.self] ?? .anonymous
    let wanted = try await read(request, principal)
    let plan = try conversations.plan(
      wanted.request.conversation, wanted.conversation, for: principal, headerSession: try request.head.sessionID,
      context)
    let repeated = runner.recording(of: wanted.key).map { RequestedWork.repetition($0) }
    let asked = RequestedTurn(repeated ?? plan.work, on: .messages, for: principal, wanted.key, context)
    return wanted.request.isStreamed
      ? try await stream(wanted.request, plan, asked) : try await collect(wanted.request, plan, asked)
  }

  private func stream(
    _ wanted: MessagesRequest, _ plan: ConversationPlan, _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let isNews = asked.isNews
    return try await runner.stream(asked) { run in
      encoder(wanted, plan, asked, run)
    } onEnd: { run, encoder, outcome in
      if isNews { conversations.note(outcome, of: run, plan, answer: encoder.message, asked.principal) }
    }
  }

  private func collect(
    _ wanted: MessagesRequest, _ plan: ConversationPlan, _ asked: RequestedTurn
  ) async throws -> HTTPResponse {
    let isNews = asked.isNews
    let (run, read, outcome) = try await runner.collect(asked) { encoder(wanted, plan, asked, $0) }
    if isNews { conversations.note(outcome, of: run, plan, answer: read.message, asked.principal) }
    return HTTPResponse(head: HTTPResponseHead(.ok, ["content-type": "application/json"]), body: .bytes(read.document))
  }

  private func encoder(
    _ wanted: MessagesRequest, _ plan: ConversationPlan, _ asked: RequestedTurn, _ run: Run
  ) -> MessagesEncoder {
    MessagesEncoder(
      MessagesIdentity(id: "msg_\(turns.newID())", model: wanted.model), tellsThinking: wanted.tellsThinking,
      head: head(run), form: plan.form, maximumCalls: run.turn.maximumCalls, functions: run.turn.functionNames,
      stop: wanted.conversation.stop, isWholeTurn: asked.isWholeTurn)
  }

  private func head(_ run: Run) -> String {
    guard turns.policy.writesSessionIntoContent else { return "" }
    return InBandOptions.lines(for: run.turn.options, sessionID: run.sessionID)
  }

  // MARK: Tokens

  private func count(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let wanted = try await read(request, context[Principal.self] ?? .anonymous).request
    try turns.check(wanted.conversation.options)
    context.setResponseField("x-claude-warning", "estimate")
    return .json(["input_tokens": JSONValue(TokenEstimate(wanted.conversation).tokens)])
  }
}
