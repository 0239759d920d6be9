import EventLoop
import System
import TestSupport
import Testing

@testable import ClaudeCode

/// What becomes of sessions, and how one is ended for good.
@Reactor
@Suite(.timeLimit(.minutes(1)))
struct EndedSessionTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private static let session = ExecutorStage.session

  private func stage() throws -> ExecutorStage {
    ExecutorStage(try StandInCLI.simulator, directory, pool: .keeping)
  }

  /// A turn that goes on until it is ended.
  private func hang(_ stage: ExecutorStage) async throws -> Run {
    let run = try await stage.run(stage.turn("simulate: tokens=1 hang=1"), recorder)
    await recorder.lines(2)
    return run
  }

  private func end(_ stage: ExecutorStage, _ session: String = session) async -> (error: ClaudeError?, wasCalled: Bool)
  {
    var wasCalled = false
    do {
      try await stage.executor.end(session) { wasCalled = true }
      return (nil, wasCalled)
    } catch {
      return (error as? ClaudeError, wasCalled)
    }
  }

  @Test("a session is stored, running, idle, and stored again")
  func states() async throws {
    let stage = try stage()
    #expect(stage.executor.state(of: Self.session) == .stored)
    let run = try await hang(stage)
    #expect(stage.executor.state(of: Self.session) == .running)
    run.cancel()
    await stage.statistics(become: PoolStatistics(live: 1, idle: 1, spawned: 1))
    #expect(stage.executor.state(of: Self.session) == .idle)
    stage.scheduler.advance(by: PoolLimits().sessionIdle)
    #expect(stage.executor.state(of: Self.session) == .stored)
    await stage.statistics(become: PoolStatistics(spawned: 1))
  }

  @Test("a session whose run waits for its client is parked, with the calls it waits for")
  func parked() async throws {
    let stage = try stage()
    var turn = stage.turn("simulate: call=f")
    turn.functions = [FunctionDeclaration(name: "f")]
    let run = try await stage.run(turn, recorder)
    #expect(await recorder.outcome() == .parked)
    #expect(run.openCalls.count == 1)
    #expect(stage.executor.state(of: Self.session) == .parked(calls: run.openCalls))
    #expect(await end(stage) == (nil, true))
    #expect(stage.executor.state(of: Self.session) == .stored)
    #expect(stage.executor.activeRuns == 0 && stage.executor.liveProcesses == 0)
  }

  @Test("an idle process is ended before anything is done to its session")
  func idle() async throws {
    let stage = try stage()
    _ = try await stage.complete("one")
    try await stage.executor.end(Self.session) { #expect(stage.executor.liveProcesses == 0) }
    // It was ended, not forgotten: whether it goes on is not the executor's to say.
    let again = try await stage.complete("two\nsimulate: recall", .resume(id: Self.session))
    #expect(again.text == "one | two")
    await stage.executor.kill()
  }

  @Test("nothing is to be ended of a session that is only stored")
  func stored() async throws {
    #expect(await end(try stage()) == (nil, true))
  }

  @Test("a run is cancelled, and what waits for the session is refused")
  func running() async throws {
    let stage = try stage()
    _ = try await hang(stage)
    let waiting = Task.onLoop { await stage.refusal(of: stage.turn("two", .resume(id: Self.session))) }
    await until { stage.executor.queuedTurns == 1 }
    try await stage.executor.end(Self.session) {
      #expect(await waiting.value == .noSession(Self.session))
      #expect(await recorder.failure()?.kind == .cancelled)
      #expect(stage.executor.activeRuns == 0 && stage.executor.liveProcesses == 0)
      // Who comes now does not even wait.
      #expect(await stage.refusal(of: stage.turn("three", .resume(id: Self.session))) == .noSession(Self.session))
      #expect(await end(stage) == (.noSession(Self.session), false))
    }
    #expect(stage.executor.queuedTurns == 0 && stage.executor.liveProcesses == 0)
  }

  @Test("what cannot be done to it leaves the session as usable as it was")
  func failing() async throws {
    let stage = try stage()
    _ = try await stage.complete("one")
    await #expect(throws: SystemCallError("x", code: 1)) {
      try await stage.executor.end(Self.session) { throw SystemCallError("x", code: 1) }
    }
    _ = try await stage.complete("two", .resume(id: Self.session))
    await stage.executor.kill()
  }

  @Test("every observer hears of a turn's end with its cost, when the session can be used again")
  func costs() async throws {
    let stage = try stage()
    let observers = [CostObserver(), CostObserver()]
    for observer in observers { stage.executor.addObserver(observer) }
    let first = try await stage.complete("simulate: tokens=3")
    let second = try await stage.complete("simulate: tokens=3", .resume(id: Self.session))
    for observer in observers {
      #expect(observer.sessions == [Self.session, Self.session])
      #expect(observer.costs == [first.result?.totalCost, second.result?.totalCost])
      #expect(observer.costs.allSatisfy { $0 > 0 })
    }
    await stage.executor.kill()
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
