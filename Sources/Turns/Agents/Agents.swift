package import Bytes
public import ClaudeCode
public import EventLoop
package import Identity
public import Telemetry

/// All agents: running ones, and ended ones in their journals.
@Reactor
public final class Agents {
  private let turns: TurnFactory
  private let runner: TurnRunner
  private let store: RunStore
  private let clock: @Sendable () -> Timestamp
  private let budget = InputBudget()
  /// The running ones.
  private var agents: [String: Agent] = [:]

  public init(turns: TurnFactory, runner: TurnRunner, store: RunStore, clock: @escaping @Sendable () -> Timestamp) {
    self.turns = turns
    self.runner = runner
    self.store = store
    self.clock = clock
  }

  /// Starts an agent and returns when its first turn has begun.
  ///
  /// - Parameter journaled: the request's entry in the journal.
  /// - Returns: the agent's id and process id.
  /// - Throws: `RequestError`.
  package func start(
    _ request: ClaudeRequest, _ journaled: EncodedJSON, sessionID: String?, for caller: Caller
  ) async throws -> (agent: Agent, run: Run, warnings: [String]) {
    let principal = caller.principal
    let (turn, warnings) = try turns.makePromptTurn(
      request.prompt, options: request.options, continuing: try turns.record(sessionID, for: principal), for: caller)
    // The input keeps waiting when its client leaves.
    let size = request.prompt.utf8.count + journaled.bytes.count
    guard budget.take(size, for: principal.id) else { throw RequestError(Agent.tooMuchWaits) }
    defer { budget.give(size, of: principal.id) }
    let journal = store.begin(
      RunDescription(
        id: turns.newID(), surface: Surface.agent.rawValue, principal: principal.id, requestID: caller.requestID,
        createdAt: clock().milliseconds, survivesParking: true), JournaledRequest(journaled), isKept: true)
    let agent = agent(of: journal, principal)
    return (agent, try await agent.begin(turn, caller), warnings)
  }

  private func agent(of journal: RunJournal, _ principal: Principal) -> Agent {
    if let agent = agents[journal.id] { return agent }
    let agent = Agent(journal, of: principal, turns: turns, runner: runner, budget: budget) { [weak self] agent in
      guard let self, agents[agent.journal.id] === agent else { return }
      agents[agent.journal.id] = nil
    }
    agents[journal.id] = agent
    return agent
  }

  /// - Throws: `RequestError` 404, also for another principal's agent.
  package func journal(_ id: String, for principal: Principal) throws -> RunJournal {
    guard let journal = store.journal(id), journal.surface == Surface.agent.rawValue,
      journal.principal == principal.id
    else { throw RequestError.notFound("Agent \(id.prefix(64)) not found", code: "agent_not_found") }
    return journal
  }

  package func journals(of principal: Principal) -> [RunJournal] {
    store.journals(of: principal.id).filter { $0.surface == Surface.agent.rawValue }
  }

  /// - Throws: `RequestError`.
  package func take(_ input: AgentInput, for id: String, by caller: Caller) throws {
    let journal = try journal(id, for: caller.principal)
    guard journal.sessionID != nil else {
      throw RequestError.invalid("Agent \(id) has no session: it has not begun", code: "agent_not_begun")
    }
    let agent = agent(of: journal, caller.principal)
    do {
      try agent.take(input, for: caller)
    } catch {
      if !agent.isBusy { agents[id] = nil }
      throw error
    }
  }

  /// - Throws: `RequestError` 404 if there is no such permission request; `ClaudeError` if the run cannot continue.
  package func answer(_ request: String, of id: String, _ approval: AgentApproval, by caller: Caller) async throws {
    let journal = try journal(id, for: caller.principal)
    if let agent = agents[journal.id], try await agent.answer(request, approval, for: caller) { return }
    throw RequestError.notFound(
      "no pending approval \(request.prefix(64)) for agent \(id)", code: "approval_not_found")
  }

  /// Ends the agent and its process. A further input begins another one.
  ///
  /// - Throws: `RequestError` 404.
  package func stop(_ id: String, _ principal: Principal) throws {
    let journal = try journal(id, for: principal)
    if let agent = agents[journal.id] { agent.stop() } else { runner.cancel(journal, endsProcess: true) }
  }

  // MARK: Telling of them

  /// - Parameter report: the summary of its journal, if that is to be included.
  package func json(_ journal: RunJournal, _ report: AgentReport? = nil) -> JSONValue {
    let agent = agents[journal.id]
    var object: JSONObject = [
      "agent_id": .string(journal.id), "status": .string(journal.state.name),
      "session_id": JSONValue(journal.sessionID), "pid": journal.pid.map { JSONValue(Int($0)) } ?? .null,
      "created_at": .string(Timestamp(milliseconds: journal.createdAt).iso8601),
      "ended_at": journal.endedAt.map { .string(Timestamp(milliseconds: $0).iso8601) } ?? .null,
      "turns": JSONValue(journal.total.turns), "queued_inputs": JSONValue(agent?.waitingInputs ?? 0),
      "cost_usd": .number("\(journal.total.cost)"), "usage": journal.total.usage.agentJSON,
    ]
    if case .ended(let error?) = journal.state {
      object["error"] = ["kind": .string(error.kind.name), "message": .string(error.message)]
    }
    if let report {
      let open = agent?.openCalls ?? []
      object["approvals"] = .array(report.questions.filter { open.contains($0.callID) }.map(\.agentJSON))
      object["result"] = JSONValue(report.result)
    }
    return .object(object)
  }
}

extension RunJournal.State {
  /// One word, for lists.
  package var name: String {
    switch self {
    case .queued: "queued"
    case .running: "running"
    case .parked: "parked"
    case .ended(nil): "completed"
    case .ended(let error?):
      switch error.kind {
      case .cancelled: "stopped"
      case .interrupted: "interrupted"
      default: "failed"
      }
    }
  }
}

extension TokenUsage {
  fileprivate var agentJSON: JSONValue {
    [
      "input_tokens": JSONValue(input), "cache_creation_input_tokens": JSONValue(cacheCreation),
      "cache_read_input_tokens": JSONValue(cacheRead), "output_tokens": JSONValue(output),
    ]
  }
}
