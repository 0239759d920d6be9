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
  private let responder: ConversationResponder

  public init(turns: TurnFactory, runner: TurnRunner, conversations: Conversations) {
    self.turns = turns
    responder = ConversationResponder(turns: turns, runner: runner, conversations: conversations)
  }

  public func add(to router: inout Router) {
    router.on("POST", "/v1/messages", body: .json) { [self] request, context, _ in
      try await answer(request, context)
    }
    router.on("POST", "/v1/messages/count_tokens", body: .json) { [self] request, context, _ in
      try await count(request, context)
    }
  }

  private func answer(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (order, body) = try await responder.order(
      request, context, on: .messages, as: MessagesRequest.self
    ) { (model: $0.model, includesThinking: $0.includesThinking) }
    return try await responder.respond(to: order, context) { plan in
      MessagesEncoder(
        MessagesIdentity(id: "msg_\(turns.newID())", model: body.model), includesThinking: body.includesThinking, plan)
    }
  }

  private func count(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (options, tokens) = try await JSONBody.read(request) { body, _ in
      let decoded = try MessagesRequest(body).conversation
      try ChatHistory(decoded.messages).checkCalls()
      return (decoded.options, TokenEstimate(decoded).tokens)
    }
    try turns.check(options)
    context.setResponseField("x-claude-warning", "estimate")
    return .json(["input_tokens": JSONValue(tokens)])
  }
}
