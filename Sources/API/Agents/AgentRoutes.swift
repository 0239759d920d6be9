import Bytes
import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
public import Turns

/// `/agent`: turns that continue without their clients.
@Reactor
public struct AgentRoutes {
  private let agents: Agents
  private let runner: TurnRunner

  public init(agents: Agents, runner: TurnRunner) {
    self.agents = agents
    self.runner = runner
  }

  public func add(to router: inout Router) {
    router.on("POST", "/agent/start", body: .json) { [self] request, context, _ in try await start(request, context) }
    router.on("POST", "/agent/stream", body: .json) { [self] request, context, _ in try await stream(request, context) }
    router.on("POST", "/agent/stop/{id}", atOnce: stop)
    router.on("GET", "/agent", atOnce: list)
    router.on("GET", "/agent/{id}") { [self] _, context, parameters in try await show(parameters["id"], context) }
    router.on("GET", "/agent/{id}/events") { [self] request, context, parameters in
      try await follow(parameters["id"], request, context)
    }
    router.on("POST", "/agent/{id}/input", body: .json) { [self] request, context, parameters in
      try await take(parameters["id"], request, context)
    }
    router.on("POST", "/agent/{id}/approvals/{request}", body: .json) { [self] request, context, parameters in
      try await answer(parameters["request"], of: parameters["id"], request, context)
    }
  }

  private func begin(
    _ request: HTTPRequest, _ context: RequestContext
  ) async throws -> (body: AgentStart, Agent, Run) {
    let (body, journaled) = try await JSONBody.read(request) { body, _ in
      let start = try AgentStart(body)
      return (start, start.request.journaled)
    }
    let decoded = body.request
    let sessionID = try decoded.options.sessionID ?? request.head.sessionID
    do {
      let (agent, run, warnings) = try await agents.start(
        decoded, journaled, sessionID: sessionID, for: try context.caller())
      context.setResponseField("x-agent-id", agent.journal.id)
      context.setResponseField("x-session-id", run.sessionID)
      for warning in warnings { context.setResponseField("x-claude-warning", warning) }
      return (body, agent, run)
    } catch let error as ClaudeError {
      if let sessionID { context.setResponseField("x-session-id", sessionID) }
      throw runner.failure(error, context)
    }
  }

  private func start(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (_, agent, run) = try await begin(request, context)
    return .json([
      "agent_id": .string(agent.journal.id), "pid": run.pid.map { JSONValue(Int($0)) } ?? .null, "status": "started",
    ])
  }

  private func stream(_ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let (body, agent, run) = try await begin(request, context)
    let encoder = AgentStreamEncoder(
      includesPartialMessages: body.request.options.includePartialMessages == true, sessionID: run.sessionID,
      hasNumbers: false)
    let principal = try context.principal()
    return try await runner.replay(agent.journal, encoder, context) {
      // An agent in the foreground ends with its client.
      if !body.isBackground { try? agents.stop(agent.journal.id, principal) }
    }
  }

  private func stop(
    _ request: HTTPRequest, _ context: RequestContext, _ parameters: PathParameters
  ) throws -> HTTPResponse {
    try agents.stop(parameters["id"], try context.principal())
    return .json(["status": "stopped", "agent_id": .string(parameters["id"])])
  }

  private func list(
    _ request: HTTPRequest, _ context: RequestContext, _ parameters: PathParameters
  ) throws -> HTTPResponse {
    let items = agents.journals(of: try context.principal()).reversed().map { agents.json($0) }
    return .json(try ListPage(request.head, newestFirst: true).json(items) { $0["agent_id"]?.string ?? "" })
  }

  private func show(_ id: String, _ context: RequestContext) async throws -> HTTPResponse {
    let journal = try agents.journal(id, for: try context.principal())
    let fold = RunFold(AgentReport())
    _ = await journal.replay(to: fold)
    return .json(agents.json(journal, fold.encoder))
  }

  private func follow(_ id: String, _ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let journal = try agents.journal(id, for: try context.principal())
    let number = try request.head.queryNumber("after") ?? request.head.lastEventID
    let encoder = AgentStreamEncoder(
      includesPartialMessages: request.head.queryItem("partial") == "true", sessionID: journal.sessionID,
      hasNumbers: true, after: number)
    return try await runner.replay(journal, encoder, skipping: number, context)
  }

  private func take(_ id: String, _ request: HTTPRequest, _ context: RequestContext) async throws -> HTTPResponse {
    let input = try await JSONBody.read(request) { body, _ in try AgentInput(body) }
    try agents.take(input, for: id, by: try context.caller())
    return .json(agents.json(try agents.journal(id, for: try context.principal())), status: .accepted)
  }

  private func answer(
    _ question: String, of id: String, _ request: HTTPRequest, _ context: RequestContext
  ) async throws -> HTTPResponse {
    let approval = try AgentApproval(try await JSONBody.object(of: request))
    do {
      try await agents.answer(question, of: id, approval, by: try context.caller())
    } catch let error as ClaudeError {
      throw runner.failure(error, context)
    }
    return .json(agents.json(try agents.journal(id, for: try context.principal())))
  }
}

extension HTTPRequestHead {
  /// The last event that the client has (WHATWG HTML, section 9.2.3); 0 for none or an invalid number.
  fileprivate var lastEventID: Int { fields["last-event-id"].flatMap { Int($0) }.map { max(0, $0) } ?? 0 }
}
