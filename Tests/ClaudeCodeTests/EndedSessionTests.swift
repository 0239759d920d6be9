import ClaudeCodeTestSupport
import EventLoop
import System
import TestSupport
import Testing

@testable import ClaudeCode

/// What becomes of sessions, and how one is ended for good.
@Reactor
@Suite(.bounded)
struct EndedSessionTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private static let session = ExecutorHarness.session

  private func harness() throws -> ExecutorHarness {
    ExecutorHarness(try StandInCLI.simulator, directory, pool: .keeping)
  }

  /// A turn that goes on until it is ended.
  private func hang(_ harness: ExecutorHarness) async throws -> Run {
    let run = try await harness.run(harness.turn("simulate: tokens=1 hang=1"), recorder)
    await recorder.lines(2)
    return run
  }

  private func end(_ harness: ExecutorHarness, _ session: String = session) async -> (
    error: ClaudeError?, wasCalled: Bool
  ) {
    var wasCalled = false
    do {
      try await harness.executor.end(session) { wasCalled = true }
      return (nil, wasCalled)
    } catch {
      return (error as? ClaudeError, wasCalled)
    }
  }

  @Test("session states are stored, running, idle, and stored again")
  func states() async throws {
    let harness = try harness()
    #expect(harness.executor.state(of: Self.session) == .stored)
    let run = try await hang(harness)
    #expect(harness.executor.state(of: Self.session) == .running)
    run.cancel()
    await harness.statistics(become: PoolStatistics(live: 1, idle: 1, spawned: 1))
    #expect(harness.executor.state(of: Self.session) == .idle)
    harness.scheduler.advance(by: PoolLimits().sessionIdle)
    #expect(harness.executor.state(of: Self.session) == .stored)
    await harness.statistics(become: PoolStatistics(spawned: 1))
  }

  @Test("a parked session lists the calls it waits for")
  func parked() async throws {
    let harness = try harness()
    var turn = harness.turn("simulate: call=f")
    turn.functions = [FunctionDeclaration(name: "f")]
    let run = try await harness.run(turn, recorder)
    #expect(await recorder.outcome() == .parked)
    #expect(run.openCalls.count == 1)
    #expect(harness.executor.state(of: Self.session) == .parked(calls: run.openCalls))
    #expect(await end(harness) == (nil, true))
    #expect(harness.executor.state(of: Self.session) == .stored)
    #expect(harness.executor.activeRuns == 0 && harness.executor.liveProcesses == 0)
  }

  @Test("an idle process is ended before its session is changed")
  func idle() async throws {
    let harness = try harness()
    _ = try await harness.complete("one")
    try await harness.executor.end(Self.session) { #expect(harness.executor.liveProcesses == 0) }
    // It was ended, not forgotten: whether it goes on is not the executor's to say.
    let again = try await harness.complete("two\nsimulate: recall", .resume(id: Self.session))
    #expect(again.text == "one | two")
    await harness.executor.kill()
  }

  @Test("ending a stored session has nothing to end")
  func stored() async throws {
    #expect(await end(try harness()) == (nil, true))
  }

  @Test("ending a session cancels its run and rejects waiting turns")
  func running() async throws {
    let harness = try harness()
    _ = try await hang(harness)
    let waiting = Task.onLoop { await harness.refusal(of: harness.turn("two", .resume(id: Self.session))) }
    await until { harness.executor.queuedTurns == 1 }
    try await harness.executor.end(Self.session) {
      #expect(await waiting.value == .noSession(Self.session))
      #expect(await recorder.failure()?.kind == .cancelled)
      #expect(harness.executor.activeRuns == 0 && harness.executor.liveProcesses == 0)
      // Who comes now does not even wait.
      #expect(await harness.refusal(of: harness.turn("three", .resume(id: Self.session))) == .noSession(Self.session))
      #expect(await end(harness) == (.noSession(Self.session), false))
    }
    #expect(harness.executor.queuedTurns == 0 && harness.executor.liveProcesses == 0)
  }

  @Test("a failed operation leaves the session usable")
  func failing() async throws {
    let harness = try harness()
    _ = try await harness.complete("one")
    await #expect(throws: SystemCallError("x", code: 1)) {
      try await harness.executor.end(Self.session) { throw SystemCallError("x", code: 1) }
    }
    _ = try await harness.complete("two", .resume(id: Self.session))
    await harness.executor.kill()
  }

  @Test("every turn observer gets the cost once the session is free")
  func costs() async throws {
    let harness = try harness()
    let observers = [CostObserver(), CostObserver()]
    for observer in observers { harness.executor.addObserver(observer) }
    let first = try await harness.complete("simulate: tokens=3")
    let second = try await harness.complete("simulate: tokens=3", .resume(id: Self.session))
    for observer in observers {
      #expect(observer.sessions == [Self.session, Self.session])
      #expect(observer.costs == [first.result?.totalCost, second.result?.totalCost])
      #expect(observer.costs.allSatisfy { $0 > 0 })
    }
    await harness.executor.kill()
  }
}

@Reactor
private final class CostObserver: TurnObserver {
  private(set) var sessions: [String] = []
  private(set) var costs: [Double] = []

  func turnDidEnd(_ run: Run, cost: Double) {
    // A run that is still going has no outcome, and no session here.
    if run.outcome != nil { sessions.append(run.sessionID) }
    costs.append(cost)
  }
}
