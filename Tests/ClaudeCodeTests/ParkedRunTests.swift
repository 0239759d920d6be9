import Bytes
import Glibc
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// Runs that wait for what the client's functions answer.
@Reactor
@Suite(.timeLimit(.minutes(1)))
struct ParkedRunTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()
  private let second = RunRecorder()

  private nonisolated static let others = [
    "22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555",
  ]

  private nonisolated static let timeouts: RunTimeouts = {
    var timeouts = ExecutorStage.timeouts
    timeouts.toolResult = .seconds(60)
    return timeouts
  }()

  private func stage(running: Int = 16, keeps: Bool = true) throws -> ExecutorStage {
    var pool = ExecutorStage.withoutPool
    if keeps { pool.sessionIdle = .seconds(500) }
    return ExecutorStage(
      try StandInCLI.simulator, directory, timeouts: Self.timeouts, pool: pool,
      turns: TurnGate.Limits(running: running))
  }

  private func turn(_ stage: ExecutorStage, _ directives: String, _ session: String = ExecutorStage.session) -> Turn {
    var turn = stage.turn("simulate: \(directives)", .new(id: session))
    turn.functions = [FunctionDeclaration(name: "f"), FunctionDeclaration(name: "g")]
    return turn
  }

  /// A run that waits.
  private func parked(_ stage: ExecutorStage, _ directives: String = "call=f tokens=2") async throws -> Run {
    let run = try await stage.run(turn(stage, directives), recorder)
    let outcome = await recorder.outcome()
    #expect(outcome == .parked)
    return run
  }

  private func results(_ run: Run, _ text: String = "sunny") -> [String: FunctionResult] {
    Dictionary(uniqueKeysWithValues: run.openCalls.map { ($0, FunctionResult([.text("\(text) \($0)")])) })
  }

  private func end(_ stage: ExecutorStage) async {
    let shutDown = Task.onLoop { await stage.executor.shutDown() }
    await stage.settle()
    await shutDown.value
  }

  // MARK: Parking and going on

  @Test("a call parks the run: the answer ends, process and session stay, no clock but its own runs")
  func parks() async throws {
    let stage = try stage()
    let run = try await parked(stage)
    guard case .call(let id, "f", #"{"command":"echo hi"}"#) = try recorder.answer().entries.first else {
      Issue.record("no call was told")
      return
    }
    #expect(run.openCalls == [id])
    #expect(stage.executor.parkedRuns == 1 && stage.executor.activeRuns == 1)
    #expect(stage.executor.liveProcesses == 1 && run.pid != nil)
    #expect(stage.scheduler.waits == [Self.timeouts.toolResult])
    await end(stage)
  }

  @Test("the result goes on in the same process, and the rest of the answer is the second observer's")
  func goesOn() async throws {
    let stage = try stage()
    let run = try await parked(stage)
    let pid = run.pid
    let call = try #require(run.openCalls.first)
    try stage.executor.resume(run, results(run), observer: second)
    #expect(run.pid == pid && run.openCalls.isEmpty && stage.executor.parkedRuns == 0)
    let result = await second.result()
    #expect(result?.turns == 2)
    #expect(try second.answer().text == "w0 w1 ")
    #expect(second.lines.contains { $0.contains(#""content":"sunny \#(call)""#) })
    #expect(!recorder.lines.contains { $0.contains("sunny") || $0.contains("w0") })
    #expect(stage.executor.activeRuns == 0)
    // The session's next turn finds the process.
    var next = turn(stage, "pid")
    next.session = .resume(id: run.sessionID)
    let third = RunRecorder()
    _ = try await stage.run(next, third)
    _ = await third.result()
    #expect(try third.answer().text == pid.map { "\($0)" })
    await end(stage)
  }

  @Test("results that come twice, or when the run is over, take no slot and no observer")
  func twice() async throws {
    let stage = try stage()
    let run = try await parked(stage)
    let results = results(run)
    try stage.executor.resume(run, results, observer: second)
    let third = RunRecorder()
    #expect(throws: ClaudeError.self) { try stage.executor.resume(run, results, observer: third) }
    #expect(stage.executor.runningTurns == 1)
    _ = await second.result()
    #expect(throws: ClaudeError.self) { try stage.executor.resume(run, results, observer: third) }
    #expect(stage.executor.runningTurns == 0 && third.lines.isEmpty)
    await end(stage)
  }

  @Test("several calls are told, answered and returned each by its own id; ids that nobody asked for are ignored")
  func several() async throws {
    let stage = try stage()
    let run = try await parked(stage, "preamble=1 call=f,g,f tokens=1")
    let calls = run.openCalls
    #expect(Set(calls).count == 3)
    var results = results(run)
    results["toolu_unknown"] = FunctionResult([.text("nonsense")])
    results[calls[1]] = FunctionResult([.text("broken")], isError: true)
    try stage.executor.resume(run, results, observer: second)
    _ = await second.result()
    for call in [calls[0], calls[2]] { #expect(second.lines.contains { $0.contains("sunny \(call)") }) }
    #expect(try second.answer().entries == [.failure("broken"), .text("w0 ")])
    #expect(!second.lines.contains { $0.contains("nonsense") })
    await end(stage)
  }

  @Test("where one call at a time is wanted the others fail, and the turn goes on with the one result")
  func oneAtATime() async throws {
    let stage = try stage()
    var turn = turn(stage, "call=f,g tokens=1")
    turn.maximumCalls = 1
    let run = try await stage.run(turn, recorder)
    _ = await recorder.outcome()
    #expect(run.openCalls.count == 1)
    try stage.executor.resume(run, results(run), observer: second)
    let result = await second.result()
    #expect(result?.isError == false)
    #expect(
      try second.answer().entries.first
        == .failure("Call one function at a time. This call was not made; repeat it if it is still wanted."))
    await end(stage)
  }

  @Test("what the user says besides belongs to the same turn")
  func besides() async throws {
    let stage = try stage()
    let run = try await parked(stage, "call=f recall")
    try stage.executor.resume(run, results(run), content: [.text("and now")], observer: second)
    _ = await second.result()
    #expect(second.outcomes.count == 1)
    #expect(stage.executor.activeRuns == 0)
    await end(stage)
  }

  @Test("a function that the client does not have is the CLI's business: the turn goes on, and no call is told")
  func undeclared() async throws {
    let stage = try stage()
    var turn = turn(stage, "call=nothing tokens=1")
    _ = try await stage.run(turn, recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().entries.last == .text("w0 "))
    // Beside one that it has, only that one waits.
    turn = self.turn(stage, "call=nothing,f tokens=1", Self.others[0])
    let run = try await stage.run(turn, second)
    #expect(await second.outcome() == .parked)
    #expect(run.openCalls.count == 1)
    await end(stage)
  }

  // MARK: Slots

  @Test("a parked run gives its slot away, and takes one again though there may be none")
  func slots() async throws {
    let stage = try stage(running: 1)
    let run = try await parked(stage)
    let other = RunRecorder()
    let busy = try await stage.run(turn(stage, "hang", Self.others[0]), other)
    #expect(stage.executor.queuedTurns == 0)
    let third = RunRecorder()
    let waiting = Task.onLoop { try? await stage.run(turn(stage, "tokens=1", Self.others[1]), third) }
    await until { stage.executor.queuedTurns == 1 }
    try stage.executor.resume(run, results(run), observer: second)
    let result = await second.result()
    #expect(result?.isError == false)
    // Its end frees what was one too many: the waiting turn still waits.
    #expect(stage.executor.queuedTurns == 1)
    busy.cancel()
    let next = await waiting.value
    #expect(next != nil)
    _ = await third.result()
    #expect(stage.executor.queuedTurns == 0)
    await end(stage)
  }

  @Test("a run that ends while it is parked gives no slot back a second time")
  func slotOnce() async throws {
    let stage = try stage(running: 1)
    let run = try await parked(stage)
    run.cancel()
    let hanging = try await stage.run(turn(stage, "hang", Self.others[0]), second)
    let waiting = Task.onLoop { await stage.refusal(of: turn(stage, "tokens=1", Self.others[1])) }
    await until { stage.executor.queuedTurns == 1 }
    for _ in 0..<10 { await nextTurn() }
    #expect(stage.executor.queuedTurns == 1)
    hanging.cancel()
    #expect(await waiting.value == nil)
    await end(stage)
  }

  // MARK: Waiting in vain

  @Test("a result has its time, and not longer", arguments: [-1, 0, 1])
  func timeout(offset: Int) async throws {
    let stage = try stage()
    let run = try await parked(stage)
    stage.scheduler.advance(by: Self.timeouts.toolResult + .milliseconds(offset))
    #expect(stage.executor.parkedRuns == (offset < 0 ? 1 : 0))
    #expect(stage.executor.activeRuns == (offset < 0 ? 1 : 0))
    if offset < 0 {
      try stage.executor.resume(run, results(run), observer: second)
      let result = await second.result()
      #expect(result?.isError == false)
    }
    await end(stage)
  }

  @Test("the time it waits is not the turn's: both of its clocks go on where they stood")
  func clocks() async throws {
    let stage = try stage()
    let run = try await parked(stage, "call=f hang")
    stage.scheduler.advance(by: .seconds(50))
    try stage.executor.resume(run, results(run), observer: second)
    #expect(stage.scheduler.waits == [ExecutorStage.timeouts.inactivity, ExecutorStage.timeouts.total])
    run.cancel()
    await end(stage)
  }

  @Test("another turn on the session ends the parked one, and goes on in its process")
  func secondTurn() async throws {
    let stage = try stage()
    let run = try await parked(stage)
    let pid = run.pid
    var next = turn(stage, "pid")
    next.session = .resume(id: run.sessionID)
    let after = try await stage.run(next, second)
    #expect(stage.executor.parkedRuns == 0 && run.pid == nil)
    #expect(after.sessionID == run.sessionID)
    _ = await second.result()
    #expect(try second.answer().text == pid.map { "\($0)" })
    // The first observer had its outcome already.
    #expect(recorder.outcomes == [.parked])
    await end(stage)
  }

  @Test("a process that dies while its run is parked takes the run along")
  func dies() async throws {
    let stage = try stage()
    let run = try await parked(stage)
    let pid = try #require(run.pid)
    #expect(kill(pid, SIGKILL) == 0)
    await until { stage.executor.activeRuns == 0 }
    #expect(run.openCalls.isEmpty && stage.executor.parkedRuns == 0)
    await stage.settle()
    #expect(stage.executor.liveProcesses == 0)
  }

  // MARK: Shutting down

  @Test("draining does not wait for parked runs")
  func draining() async throws {
    let stage = try stage()
    _ = try await parked(stage)
    await stage.executor.drain(within: .seconds(10))
    #expect(stage.executor.activeRuns == 0)
    await end(stage)
  }

  @Test("nor for one that parks while it waits; its client has the calls nevertheless")
  func parksWhileDraining() async throws {
    let cli = LiveCLI(in: directory)
    let stage = ExecutorStage(cli.path, directory, timeouts: Self.timeouts)
    _ = try await stage.run(turn(stage, "tokens=1"), recorder)
    let drained = Task.onLoop { await stage.executor.drain(within: .seconds(10)) }
    await until { stage.scheduler.waits.contains(.seconds(10)) }
    cli.say(CLILine.messageStart("m"))
    for line in CLILine.callBlock("m", "c") { cli.say(line) }
    for line in [CLILine.messageDelta("tool_use"), CLILine.messageStop] { cli.say(line) }
    #expect(await recorder.outcome() == .parked)
    await until { stage.executor.activeRuns == 0 }
    #expect(stage.executor.activeRuns == 0)
    #expect(recorder.outcomes == [.parked])
    stage.scheduler.advance(by: .seconds(10))
    await drained.value
    await end(stage)
  }
}
