import Bytes
import ClaudeCodeTestSupport
import Glibc
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// Runs that wait for what the client's functions answer.
@Reactor
@Suite(.bounded)
struct ParkedRunTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()
  private let second = RunRecorder()

  private nonisolated static let others = [
    "22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555",
  ]

  private nonisolated static let timeouts: RunTimeouts = {
    var timeouts = ExecutorHarness.timeouts
    timeouts.toolResult = .seconds(60)
    return timeouts
  }()

  private func harness(running: Int = 16, keeps: Bool = true) throws -> ExecutorHarness {
    var pool = PoolLimits.withoutReuse
    if keeps { pool.sessionIdle = .seconds(500) }
    return ExecutorHarness(
      try StandInCLI.simulator, directory, timeouts: Self.timeouts, pool: pool,
      turns: TurnGate.Limits(running: running))
  }

  private func turn(_ harness: ExecutorHarness, _ directives: String, _ session: String = ExecutorHarness.session)
    -> Turn
  {
    var turn = harness.turn("simulate: \(directives)", .new(id: session))
    turn.functions = [FunctionDeclaration(name: "f"), FunctionDeclaration(name: "g")]
    return turn
  }

  /// A run that waits.
  private func parked(_ harness: ExecutorHarness, _ directives: String = "call=f tokens=2") async throws -> Run {
    let run = try await harness.run(turn(harness, directives), recorder)
    let outcome = await recorder.outcome()
    #expect(outcome == .parked)
    return run
  }

  private func results(_ run: Run, _ text: String = "sunny") -> [String: FunctionResult] {
    Dictionary(uniqueKeysWithValues: run.openCalls.map { ($0, FunctionResult([.text("\(text) \($0)")])) })
  }

  private func end(_ harness: ExecutorHarness) async {
    let shutDown = Task.onLoop { await harness.executor.shutDown() }
    await harness.settle()
    await shutDown.value
  }

  // MARK: Parking and going on

  @Test("a function call parks the run: the answer ends, process and session stay, and its clocks stop")
  func parks() async throws {
    let harness = try harness()
    let run = try await parked(harness)
    guard case .call(let id, "f", #"{"command":"echo hi"}"#) = try recorder.answer().entries.first else {
      Issue.record("no call was told")
      return
    }
    #expect(run.openCalls == [id])
    #expect(harness.executor.parkedRuns == 1 && harness.executor.activeRuns == 1)
    #expect(harness.executor.liveProcesses == 1 && run.pid != nil)
    #expect(harness.scheduler.waits == [Self.timeouts.toolResult])
    await end(harness)
  }

  @Test("a result resumes the run in the same process for a second observer")
  func goesOn() async throws {
    let harness = try harness()
    let run = try await parked(harness)
    let pid = run.pid
    let call = try #require(run.openCalls.first)
    try harness.executor.resume(run, results(run), observer: second)
    #expect(run.pid == pid && run.openCalls.isEmpty && harness.executor.parkedRuns == 0)
    let result = await second.result()
    #expect(result?.turns == 2)
    #expect(try second.answer().text == "w0 w1 ")
    #expect(second.lines.contains { $0.contains(#""content":"sunny \#(call)""#) })
    #expect(!recorder.lines.contains { $0.contains("sunny") || $0.contains("w0") })
    #expect(harness.executor.activeRuns == 0)
    // The session's next turn finds the process.
    var next = turn(harness, "pid")
    next.session = .resume(id: run.sessionID)
    let third = RunRecorder()
    _ = try await harness.run(next, third)
    _ = await third.result()
    #expect(try third.answer().text == pid.map { "\($0)" })
    await end(harness)
  }

  @Test("late and repeated results take no slot and no observer")
  func twice() async throws {
    let harness = try harness()
    let run = try await parked(harness)
    let results = results(run)
    try harness.executor.resume(run, results, observer: second)
    let third = RunRecorder()
    #expect(throws: ClaudeError.self) { try harness.executor.resume(run, results, observer: third) }
    #expect(harness.executor.runningTurns == 1)
    _ = await second.result()
    #expect(throws: ClaudeError.self) { try harness.executor.resume(run, results, observer: third) }
    #expect(harness.executor.runningTurns == 0 && third.lines.isEmpty)
    await end(harness)
  }

  @Test("parallel calls are matched by id, and unknown ids are ignored")
  func several() async throws {
    let harness = try harness()
    let run = try await parked(harness, "preamble=1 call=f,g,f tokens=1")
    let calls = run.openCalls
    #expect(Set(calls).count == 3)
    var results = results(run)
    results["toolu_unknown"] = FunctionResult([.text("nonsense")])
    results[calls[1]] = FunctionResult([.text("broken")], isError: true)
    try harness.executor.resume(run, results, observer: second)
    _ = await second.result()
    for call in [calls[0], calls[2]] { #expect(second.lines.contains { $0.contains("sunny \(call)") }) }
    #expect(try second.answer().entries == [.failure("broken"), .text("w0 ")])
    #expect(!second.lines.contains { $0.contains("nonsense") })
    await end(harness)
  }

  @Test("without parallel calls, further calls fail and the turn continues with one result")
  func oneAtATime() async throws {
    let harness = try harness()
    var turn = turn(harness, "call=f,g tokens=1")
    turn.maximumCalls = 1
    let run = try await harness.run(turn, recorder)
    _ = await recorder.outcome()
    #expect(run.openCalls.count == 1)
    try harness.executor.resume(run, results(run), observer: second)
    let result = await second.result()
    #expect(result?.isError == false)
    #expect(
      try second.answer().entries.first
        == .failure("Call one function at a time. This call was not made; repeat it if it is still wanted."))
    await end(harness)
  }

  @Test("text beside the results belongs to the same turn")
  func besides() async throws {
    let harness = try harness()
    let run = try await parked(harness, "call=f recall")
    try harness.executor.resume(run, results(run), content: [.text("and now")], observer: second)
    _ = await second.result()
    #expect(second.outcomes.count == 1)
    #expect(harness.executor.activeRuns == 0)
    await end(harness)
  }

  @Test("calls of unknown functions are left to the CLI")
  func undeclared() async throws {
    let harness = try harness()
    var turn = turn(harness, "call=nothing tokens=1")
    _ = try await harness.run(turn, recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().entries.last == .text("w0 "))
    // Beside one that it has, only that one waits.
    turn = self.turn(harness, "call=nothing,f tokens=1", Self.others[0])
    let run = try await harness.run(turn, second)
    #expect(await second.outcome() == .parked)
    #expect(run.openCalls.count == 1)
    await end(harness)
  }

  // MARK: Slots

  @Test("a parked run gives up its slot and gets one back even when all are taken")
  func slots() async throws {
    let harness = try harness(running: 1)
    let run = try await parked(harness)
    let other = RunRecorder()
    let busy = try await harness.run(turn(harness, "hang", Self.others[0]), other)
    #expect(harness.executor.queuedTurns == 0)
    let third = RunRecorder()
    let waiting = Task.onLoop { try? await harness.run(turn(harness, "tokens=1", Self.others[1]), third) }
    await until { harness.executor.queuedTurns == 1 }
    try harness.executor.resume(run, results(run), observer: second)
    let result = await second.result()
    #expect(result?.isError == false)
    // Its end frees what was one too many: the waiting turn still waits.
    #expect(harness.executor.queuedTurns == 1)
    busy.cancel()
    let next = await waiting.value
    #expect(next != nil)
    _ = await third.result()
    #expect(harness.executor.queuedTurns == 0)
    await end(harness)
  }

  @Test("a run that ends while parked returns no second slot")
  func slotOnce() async throws {
    let harness = try harness(running: 1)
    let run = try await parked(harness)
    run.cancel()
    let hanging = try await harness.run(turn(harness, "hang", Self.others[0]), second)
    let waiting = Task.onLoop { await harness.refusal(of: turn(harness, "tokens=1", Self.others[1])) }
    await until { harness.executor.queuedTurns == 1 }
    for _ in 0..<10 { await nextTurn() }
    #expect(harness.executor.queuedTurns == 1)
    hanging.cancel()
    #expect(await waiting.value == nil)
    await end(harness)
  }

  // MARK: Waiting in vain

  @Test("a run waits for results no longer than the limit", arguments: [-1, 0, 1])
  func timeout(offset: Int) async throws {
    let harness = try harness()
    let run = try await parked(harness)
    harness.scheduler.advance(by: Self.timeouts.toolResult + .milliseconds(offset))
    #expect(harness.executor.parkedRuns == (offset < 0 ? 1 : 0))
    #expect(harness.executor.activeRuns == (offset < 0 ? 1 : 0))
    if offset < 0 {
      try harness.executor.resume(run, results(run), observer: second)
      let result = await second.result()
      #expect(result?.isError == false)
    }
    await end(harness)
  }

  @Test("time spent parked does not count for the turn's clocks")
  func clocks() async throws {
    let harness = try harness()
    let run = try await parked(harness, "call=f hang")
    harness.scheduler.advance(by: .seconds(50))
    try harness.executor.resume(run, results(run), observer: second)
    #expect(harness.scheduler.waits == [ExecutorHarness.timeouts.inactivity, ExecutorHarness.timeouts.total])
    run.cancel()
    await end(harness)
  }

  @Test("another turn on the session ends the parked run and continues in its process")
  func secondTurn() async throws {
    let harness = try harness()
    let run = try await parked(harness)
    let pid = run.pid
    var next = turn(harness, "pid")
    next.session = .resume(id: run.sessionID)
    let after = try await harness.run(next, second)
    #expect(harness.executor.parkedRuns == 0 && run.pid == nil)
    #expect(after.sessionID == run.sessionID)
    _ = await second.result()
    #expect(try second.answer().text == pid.map { "\($0)" })
    // The first observer had its outcome already.
    #expect(recorder.outcomes == [.parked])
    await end(harness)
  }

  @Test("a parked run fails when its process dies")
  func dies() async throws {
    let harness = try harness()
    let run = try await parked(harness)
    let pid = try #require(run.pid)
    #expect(kill(pid, SIGKILL) == 0)
    await until { harness.executor.activeRuns == 0 }
    #expect(run.openCalls.isEmpty && harness.executor.parkedRuns == 0)
    await harness.settle()
    #expect(harness.executor.liveProcesses == 0)
  }

  // MARK: Shutting down

  @Test("draining does not wait for parked runs")
  func draining() async throws {
    let harness = try harness()
    _ = try await parked(harness)
    await harness.executor.drain(within: .seconds(10))
    #expect(harness.executor.activeRuns == 0)
    await end(harness)
  }

  @Test("draining does not wait for a run that parks meanwhile; its client still gets the calls")
  func parksWhileDraining() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory, timeouts: Self.timeouts)
    _ = try await harness.run(turn(harness, "tokens=1"), recorder)
    let drained = Task.onLoop { await harness.executor.drain(within: .seconds(10)) }
    await until { harness.scheduler.waits.contains(.seconds(10)) }
    cli.emit(CLILine.messageStart("m"))
    for line in CLILine.callBlock("m", "c") { cli.emit(line) }
    for line in [CLILine.messageDelta("tool_use"), CLILine.messageStop] { cli.emit(line) }
    #expect(await recorder.outcome() == .parked)
    await until { harness.executor.activeRuns == 0 }
    #expect(harness.executor.activeRuns == 0)
    #expect(recorder.outcomes == [.parked])
    harness.scheduler.advance(by: .seconds(10))
    await drained.value
    await end(harness)
  }
}
