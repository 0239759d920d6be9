import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Storage
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import ClaudeCode
@testable import Turns
@testable import Workspaces

/// Agents on the simulator.
@Reactor
@Suite(.bounded)
struct AgentsTests {
  private let scheduler = ManualScheduler()
  private let directory = TemporaryDirectory()
  private let executor: ClaudeExecutor
  private let store: RunStore
  private let runner: TurnRunner
  private let agents: Agents
  private let me = Principal.me

  init() throws {
    var timeouts = RunTimeouts()
    timeouts.toolResult = .seconds(60)
    executor = ClaudeExecutor(
      .test(
        try StandInCLI.simulator, home: directory.path, timeouts: timeouts, turns: TurnGate.Limits(running: 1)),
      scheduler: scheduler, logger: .silent, newID: UniqueIDs.next)
    store = RunStore(
      storage: JournalDirectory(path: "\(directory.path)/runs"), isDurable: false, scheduler: scheduler,
      clock: { Timestamp(milliseconds: 0) }, logger: .silent)
    let turns = TurnFactory(
      workspaces: WorkspaceManager(base: directory.path),
      mcpLoader: MCPConfigLoader(path: "", scratch: "\(directory.path)/scratch"), mcp: MCPConfiguration(),
      models: .builtIn, sessions: SessionStore(), newID: UniqueIDs.next)
    runner = TurnRunner(
      executor: executor, turns: turns, scheduler: scheduler, clock: { Timestamp(milliseconds: 0) },
      newID: UniqueIDs.next)
    agents = Agents(turns: turns, runner: runner, store: store, clock: { Timestamp(milliseconds: 0) })
  }

  private func start(
    _ directives: String, _ fields: String = "", requestID: String = ""
  ) async throws -> RunJournal {
    let request = try ClaudeRequest(object(#"{"prompt":"simulate: \#(directives)"\#(fields)}"#))
    return try await agents.start(request, request.journaled, sessionID: nil, for: .of(me, requestID: requestID)).agent
      .journal
  }

  private func input(_ text: String, now: Bool = false) throws -> AgentInput {
    try AgentInput(object(#"{"prompt":"\#(text)","now":\#(now)}"#))
  }

  private func end() async {
    await executor.kill()
    scheduler.end()
  }

  private func ends(_ journal: RunJournal) async -> String {
    await until {
      if case .ended = journal.state { true } else { false }
    }
    return journal.state.name
  }

  @Test("limit: inputs that wait for an agent")
  func inputs() async throws {
    let outcomes = try await LimitTable.row("inputs of an agent", Agent.maximumInputs) { offset in
      let journal = try await start("hang")
      var refused = 0
      for number in 0..<(Agent.maximumInputs + offset) {
        do {
          try agents.take(input("\(number)"), for: journal.id, by: .of(me))
        } catch let error as RequestError {
          #expect(error.status == 429)
          refused += 1
        }
      }
      try agents.stop(journal.id, me)
      #expect(await ends(journal) == "stopped")
      return "\(refused) refused"
    }
    #expect(outcomes == ["0 refused", "0 refused", "1 refused"])
    await end()
  }

  @Test("a bad input is rejected at once and changes nothing")
  func badInput() async throws {
    let journal = try await start("tokens=2")
    let bad = try AgentInput(object(#"{"prompt":"x","model":"gpt-4o"}"#))
    #expect(try refusal { try agents.take(bad, for: journal.id, by: .of(me)) } == "404 model model_not_found")
    #expect(await ends(journal) == "completed")
    #expect(try refusal { try agents.take(bad, for: journal.id, by: .of(me)) } == "404 model model_not_found")
    #expect(journal.state == .ended(nil) && journal.total.turns == 1)
    try agents.take(input("simulate: tokens=1"), for: journal.id, by: .of(me))
    #expect(journal.state == .queued)
    #expect(await ends(journal) == "completed")
    #expect(journal.total.turns == 2)
    await end()
  }

  @Test("a turn that cannot start fails, and the agent can take another")
  func failedStart() async throws {
    let blocker = try await start("hang")
    let waiting = try input("simulate: tokens=1")
    let second = Task.onLoop { () async -> Bool in
      do {
        _ = try await start("tokens=1")
        return true
      } catch {
        return false
      }
    }
    await until { !runner.queue.isEmpty }
    #expect(runner.listed(for: me).map(\.status).sorted() == ["queued", "running"])
    let queued = try #require(store.journals(of: me.id).first { $0 !== blocker })
    #expect(queued.state == .queued)
    try agents.stop(queued.id, me)
    #expect(await second.value == false)
    #expect(queued.state.name == "stopped")
    #expect(
      try refusal { try agents.take(waiting, for: queued.id, by: .of(me)) } == "400 - agent_not_begun")
    try agents.stop(blocker.id, me)
    await end()
  }

  @Test("an unanswered permission request ends the turn after the timeout")
  func unanswered() async throws {
    let journal = try await start("ask=Bash", #","permission-mode":"ask""#)
    await until { journal.state == .parked }
    #expect(agents.json(journal)["status"] == "parked")
    scheduler.advance(by: .seconds(60))
    #expect(await ends(journal) == "failed")
    await end()
  }

  @Test("a permission request is answered once, by either of its ids")
  func answered() async throws {
    let journal = try await start("ask=Bash tokens=1", #","permission-mode":"ask""#)
    await until { journal.state == .parked }
    let fold = RunFold(AgentReport())
    #expect(await journal.replay(to: fold) == false)
    let question = try #require(fold.encoder.questions.first)
    #expect(agents.json(journal, fold.encoder)["approvals"]?.array?.count == 1)
    let approval = try AgentApproval(object(#"{"decision":"allow"}"#))
    let short = String(question.callID.dropFirst("approve_".count))
    try await agents.answer(short, of: journal.id, approval, by: .of(me))
    await #expect(throws: RequestError.self) {
      try await agents.answer(question.callID, of: journal.id, approval, by: .of(me))
    }
    #expect(await ends(journal) == "completed")
    await end()
  }

  @Test("a run is cancelled by its own id or a request's, by its principal only")
  func cancelled() async throws {
    for way in ["request", "run"] {
      let journal = try await start("hang", requestID: "req-\(way)")
      let listed = try #require(runner.listed(for: me).first)
      #expect(listed.requestIDs == ["req-\(way)"] && listed.surface == "agent" && listed.status == "running")
      #expect(runner.listed(for: Principal.you).isEmpty)
      let id = way == "run" ? try #require(listed.runID) : "req-\(way)"
      #expect(!runner.cancel(id, for: Principal.you))
      #expect(!runner.cancel("another", for: me))
      #expect(runner.cancel(id, for: me))
      #expect(await ends(journal) == "stopped")
      #expect(!runner.cancel(id, for: me))
    }
    await end()
  }
}
