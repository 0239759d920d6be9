import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity

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
    router.on("POST", "/api/claude") { [self] request, context, _ in try await stream(request, context) }
  }

  private func stream(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let wanted = try ClaudeRequest(try await JSONBody.object(of: request))
    let principal = context[Principal.self] ?? .anonymous
    let sessionID = try wanted.options.sessionID ?? request.head.sessionID
    let turn = try turns.makePromptTurn(
      wanted.prompt, options: wanted.options, continuing: try turns.record(sessionID, for: principal), context)
    guard turn.options.forwardsQuestions != true else {
      throw HTTPError.invalidRequest(
        "permission-mode ask needs an answer, and this stream has no way back: it works with /v1/chat/completions",
        param: "permission-mode")
    }
    return try await runner.stream(
      RequestedTurn(.turn(turn), on: .claude, for: principal, RequestKey(request, principal), context)
    ) { run in
      ClaudeStreamEncoder(
        includesPartialMessages: wanted.options.includePartialMessages == true, sessionID: run.sessionID)
    } onEnd: { _, _, _ in
    }
  }
}
