import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Telemetry
public import Turns

/// `POST /v1/completions`.
@Reactor
public struct CompletionRoutes {
  private let turns: TurnFactory
  private let responder: ConversationResponder
  private let clock: @Sendable () -> Timestamp

  public init(
    turns: TurnFactory, runner: TurnRunner, conversations: Conversations, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.turns = turns
    self.clock = clock
    responder = ConversationResponder(turns: turns, runner: runner, conversations: conversations)
  }

  public func add(to router: inout Router) {
    router.on("POST", "/v1/completions", body: .json) { [self] request, context, _ in
      try await complete(request, context)
    }
  }

  private func complete(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (order, body) = try await responder.order(
      request, context, on: .completion, as: CompletionRequest.self
    ) { (model: $0.model, includesUsage: $0.includesUsage) }
    let identity = ChatCompletionIdentity(id: "cmpl-\(turns.newID())", created: clock().seconds, model: body.model)
    return try await responder.respond(to: order, context) { plan in
      CompletionEncoder(identity, includesUsage: body.includesUsage, plan)
    }
  }
}
