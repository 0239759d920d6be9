import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Turns

/// `POST /api/claude`: the CLI's own stream.
@Reactor
public struct ClaudeRoutes {
  private let turns: TurnFactory
  private let runner: TurnRunner

  public init(turns: TurnFactory, runner: TurnRunner) {
    self.turns = turns
    self.runner = runner
  }

  public func add(to router: inout Router) {
    router.on("POST", "/api/claude", body: .json) { [self] request, context, _ in try await stream(request, context) }
  }

  private func stream(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (asked, includesPartialMessages) = try await order(request, context)
    return try await runner.stream(asked, context) { run in
      ClaudeStreamEncoder(includesPartialMessages: includesPartialMessages, sessionID: run.sessionID)
    } onEnd: { _, _, _ in
    }
  }

  /// The turn, and whether its stream includes partial messages.
  private func order(_ request: HTTPRequest, _ context: RequestContext) async throws -> (RequestedTurn, Bool) {
    let caller = try context.caller()
    let principal = caller.principal
    let (decoded, key) = try await JSONBody.read(request) {
      (try ClaudeRequest($0), IdempotencyKey(request.head, $1, principal))
    }
    let sessionID = try decoded.options.sessionID ?? request.head.sessionID
    let (turn, warnings) = try turns.makePromptTurn(
      decoded.prompt, options: decoded.options, continuing: try turns.record(sessionID, for: principal), for: caller)
    guard turn.options.forwardsQuestions != true else {
      throw RequestError.invalid(
        "permission-mode ask is not available, because this stream cannot be answered: use /v1/chat/completions",
        param: "permission-mode")
    }
    return (
      RequestedTurn(.turn(turn), on: .claude, for: caller, key, warnings: warnings),
      decoded.options.includePartialMessages == true
    )
  }
}
