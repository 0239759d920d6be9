import Bytes
package import ClaudeCode
package import EventLoop
package import Identity

/// A running agent: a session, its turns one after the other, and the inputs that wait.
@Reactor
package final class Agent {
  package let journal: RunJournal
  package let principal: Principal
  private let turns: TurnFactory
  private let runner: TurnRunner
  private var run: Run?
  private var inputs: [(input: AgentInput, caller: Caller)] = []
  private let budget: InputBudget
  /// Whether a turn is under way or about to begin.
  package private(set) var isBusy = false
  private let onRest: @Reactor (Agent) -> Void

  /// How many inputs may wait.
  package static let maximumInputs = 100

  /// - Parameters:
  ///   - budget: bounds the bytes of waiting inputs.
  ///   - onRest: called when there is nothing more to do.
  package init(
    _ journal: RunJournal, of principal: Principal, turns: TurnFactory, runner: TurnRunner, budget: InputBudget,
    onRest: @escaping @Reactor (Agent) -> Void
  ) {
    self.journal = journal
    self.principal = principal
    self.turns = turns
    self.runner = runner
    self.budget = budget
    self.onRest = onRest
  }

  package var waitingInputs: Int { inputs.count }
  /// Permission requests that wait for an answer, by the ids of their calls.
  package var openCalls: [String] { run?.openCalls ?? [] }

  /// Begins a turn.
  ///
  /// - Throws: `ClaudeError` if it cannot begin; the journal has the error, too.
  @discardableResult
  package func begin(_ turn: Turn, _ caller: Caller) async throws(ClaudeError) -> Run {
    isBusy = true
    let asked = RequestedTurn(.turn(turn), on: .agent, for: caller.detached(), journal: journal)
    do throws(ClaudeError) {
      let started = try await runner.start(asked)
      run = started.run
      started.run.add(self)
      started.begin()
      return started.run
    } catch {
      turnEnded()
      throw error
    }
  }

  package static let tooMuchWaits = ClaudeError(
    .overloaded, "Too many bytes of inputs are waiting for agents already", reachedCLI: false)

  /// Sends an input to the agent: at once if it rests, otherwise after the current turn and the inputs before.
  ///
  /// - Throws: `RequestError` for an invalid input, or if too many wait.
  package func take(_ input: AgentInput, for caller: Caller) throws {
    guard isBusy else { return try go(input, caller) }
    guard inputs.count < Agent.maximumInputs else {
      throw RequestError(
        ClaudeError(.overloaded, "\(inputs.count) inputs are waiting for the agent already", reachedCLI: false))
    }
    // Validates the input now rather than when its turn comes.
    _ = try makeTurn(input, caller)
    guard budget.take(input.size, for: principal.id) else { throw RequestError(Agent.tooMuchWaits) }
    inputs.insert((input, caller.detached()), at: input.isUrgent ? 0 : inputs.count)
    journal.isExpectingMore = true
    if input.isUrgent { runner.cancel(journal) }
  }

  private func go(_ input: AgentInput, _ caller: Caller) throws {
    let turn = try makeTurn(input, caller)
    journal.take(input: input.journaled)
    isBusy = true
    // Not at once: the previous turn may be ending right now, on a process that still emits output of it.
    Loop.main.onNextTurn {
      Task.onLoop {
        // The journal has the error.
        _ = try? await self.begin(turn, caller)
      }
    }
  }

  private func makeTurn(_ input: AgentInput, _ caller: Caller) throws -> Turn {
    try turns.makePromptTurn(
      input.prompt, options: input.options, continuing: try turns.record(journal.sessionID, for: principal),
      for: caller
    ).turn
  }

  private func turnEnded() {
    run = nil
    isBusy = false
    guard !inputs.isEmpty else { return onRest(self) }
    let (input, caller) = inputs.removeFirst()
    budget.give(input.size, of: principal.id)
    journal.isExpectingMore = !inputs.isEmpty
    do {
      try go(input, caller)
    } catch {
      journal.end(.failed(ClaudeError(.refused, "\(error)", reachedCLI: false)))
      turnEnded()
    }
  }

  /// Answers a permission request.
  ///
  /// - Returns: false if there is no such request.
  package func answer(_ request: String, _ approval: AgentApproval, for caller: Caller) async throws(ClaudeError)
    -> Bool
  {
    guard let run,
      let call = run.openCalls.first(where: {
        $0 == CallID.received(request) || $0 == PermissionQuestion.callID(ofRequest: request)
      })
    else { return false }
    let results = [call: FunctionResult([.text(approval.words)])]
    let asked = RequestedTurn(
      .resumption(run, results, []), on: .agent, for: caller.detached(), journal: journal)
    let started = try await runner.start(asked)
    started.run.add(self)
    started.begin()
    return true
  }

  /// Cancels the current turn, drops the waiting inputs, and ends the process.
  package func stop() {
    for (input, _) in inputs { budget.give(input.size, of: principal.id) }
    inputs = []
    journal.isExpectingMore = false
    runner.cancel(journal, endsProcess: true)
  }
}

extension Agent: RunObserver {
  package var isCongested: Bool { false }
  package var keepsRun: Bool { false }
  package var survivesParking: Bool { true }
  package func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {}

  package func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    // A parked run keeps the inputs waiting.
    if case .parked = outcome { return }
    turnEnded()
  }
}
