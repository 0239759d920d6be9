import ClaudeCodeTestSupport
import System
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// How many processes there are at the same time, and what turns wait for.
@Reactor
@Suite(.bounded)
struct PoolRoomTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private static func session(_ number: Int) -> String { "9999999\(number)-2222-4333-8444-555555555555" }

  private func harness(_ pool: PoolLimits) throws -> ExecutorHarness {
    ExecutorHarness(try StandInCLI.simulator, directory, pool: pool)
  }

  /// A turn of a new session, which stands in its middle.
  private func hang(_ harness: ExecutorHarness, _ number: Int, _ more: String = "") async throws -> Run {
    let recorder = RunRecorder()
    let turn = harness.turn("simulate: tokens=2 hang=1 \(more)", .new(id: Self.session(number)))
    let run = try await harness.run(turn, recorder)
    await until { recorder.lines.contains { $0.contains("w0 ") } }
    return run
  }

  /// A turn of a new session that has to wait.
  private func wait(
    _ harness: ExecutorHarness, _ number: Int, _ admissions: AdmissionLog, cancellation: CancellationSignal = .init()
  ) async -> Task<Void, Never> {
    await admissions.note("\(number)") { () async throws(ClaudeError) in
      _ = try await harness.run(
        harness.turn("simulate: hang", .new(id: Self.session(number))), RunRecorder(), cancellation: cancellation)
    }
  }

  // MARK: Room

  @Test("limit: kept processes; the least recently used makes room")
  func processes() async throws {
    let limit = 3
    let outcomes = try await LimitTable.row("processes", limit) { offset in
      let harness = ExecutorHarness(
        try StandInCLI.simulator, TemporaryDirectory(), pool: .with { ($0.spares, $0.processes) = (0, limit) })
      var pids: [Int32] = []
      for number in 0..<(limit + offset) {
        pids.append(try await harness.complete("one", .new(id: Self.session(number))).pid)
      }
      let statistics = harness.statistics
      #expect(statistics.idle == statistics.live)
      let first = try await harness.complete("two\nsimulate: recall", .resume(id: Self.session(0)))
      #expect(first.text == "one | two")
      #expect(harness.statistics.live <= limit)
      await harness.executor.kill()
      return "\(statistics.live) kept, the first \(first.pid == pids[0] ? "too" : "not")"
    }
    #expect(outcomes == ["2 kept, the first too", "3 kept, the first too", "3 kept, the first not"])
  }

  @Test("a reused session is no longer the least recently used")
  func leastRecentlyUsed() async throws {
    let harness = try harness(.with { ($0.spares, $0.processes) = (0, 2) })
    let first = try await harness.complete("one", .new(id: Self.session(1)))
    let second = try await harness.complete("one", .new(id: Self.session(2)))
    _ = try await harness.complete("two", .resume(id: Self.session(1)))
    _ = try await harness.complete("one", .new(id: Self.session(3)))
    let third = try await harness.complete("three", .resume(id: Self.session(1)))
    #expect(third.pid == first.pid)
    let fourth = try await harness.complete("two", .resume(id: Self.session(2)))
    #expect(fourth.pid != second.pid)
    await harness.executor.kill()
  }

  @Test("spares make room before session processes, and none starts without room")
  func sparesFirst() async throws {
    let harness = try harness(.with { $0.processes = 2 })
    let spare = try await harness.startSpare()
    let options = TurnOptions.with { $0.maxBudgetUSD = 1 }
    let run = try await hang(harness, 1)
    #expect(run.pid == spare)
    try await harness.startSpare()
    let second = try await harness.complete("two", .new(id: Self.session(2)), options: options)
    #expect(second.result?.isError == false)
    #expect(harness.statistics.spare == 0)
    #expect(run.pid == spare)
    await harness.executor.kill()
  }

  @Test(
    "without room, a session idle for a while makes room for a spare",
    arguments: [(-1, false), (0, true)])
  func roomForSpare(offset: Int, makesWay: Bool) async throws {
    let rest = Duration.seconds(60)
    let harness = try harness(.with { ($0.processes, $0.restBeforeSpare, $0.sessionIdle) = (2, rest, .seconds(600)) })
    let first = try await harness.complete("one", .new(id: Self.session(1)))
    harness.scheduler.advance(by: rest + .milliseconds(offset) - PoolLimits().replenishDelay)
    _ = try await harness.complete("one", .new(id: Self.session(2)))
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    if makesWay {
      await until { ProcessTable.entry(first.pid) == nil }
      await until {
        if let wait = harness.scheduler.waits.first, wait <= PoolLimits().replenishDelay {
          harness.scheduler.advance(by: wait)
        }
        return harness.statistics.spare == 1
      }
    }
    #expect(harness.statistics.spare == (makesWay ? 1 : 0))
    #expect(harness.statistics.idle == (makesWay ? 1 : 2))
    await harness.executor.kill()
  }

  @Test("a turn without room waits until another turn ends", arguments: [true, false])
  func room(isCancelled: Bool) async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory, pool: .with { ($0.spares, $0.processes) = (0, 1) })
    let run = try await harness.run(harness.turn("one"), recorder)
    let admissions = AdmissionLog()
    let second = await wait(harness, 2, admissions)
    cli.emit(CLILine.initLine)
    await recorder.lines(1)
    #expect(harness.statistics == PoolStatistics(live: 1, spawned: 1))
    if isCancelled { run.cancel() }
    cli.emit(CLILine.result("a"))
    // It is fit for its session's next turn, but another one needs the room.
    await until { harness.scheduler.waits.contains(ExecutorHarness.timeouts.kill) }
    #expect(harness.statistics == PoolStatistics(live: 1, spawned: 1))
    harness.scheduler.advance(by: ExecutorHarness.timeouts.kill)
    await second.value
    #expect(admissions.entries == ["2 in"])
    #expect(harness.statistics == PoolStatistics(live: 1, spawned: 2))
    #expect(recorder.outcomes.count == 1)
    await harness.executor.kill()
  }

  @Test("limit: wait for room")
  func timeout() async throws {
    let limit = PoolLimits().timeout
    let outcomes = try await LimitTable.row("wait for room", limit) { offset in
      let directory = TemporaryDirectory()
      let harness = ExecutorHarness(
        try StandInCLI.simulator, directory, pool: .with { ($0.spares, $0.processes) = (0, 1) })
      let run = try await hang(harness, 1)
      let admissions = AdmissionLog()
      let second = await wait(harness, 2, admissions)
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      run.cancel()
      await second.value
      await harness.executor.kill()
      return admissions.entries.joined()
    }
    #expect(outcomes == ["2 in", "2 overloaded", "2 overloaded"])
  }

  @Test("a cancelled turn gives its place in the wait for room to the next")
  func cancellation() async throws {
    let harness = try harness(.with { ($0.spares, $0.processes) = (0, 1) })
    let run = try await hang(harness, 1)
    let admissions = AdmissionLog()
    let cancellation = CancellationSignal()
    let second = await wait(harness, 2, admissions, cancellation: cancellation)
    let third = await wait(harness, 3, admissions)
    cancellation.cancel()
    await second.value
    run.cancel()
    await third.value
    #expect(admissions.entries == ["2 cancelled", "3 in"])
    #expect(harness.statistics == PoolStatistics(live: 1, spawned: 2))
    await harness.executor.kill()
  }

  @Test("unused room goes to the next waiting turn")
  func unusedRoom() async throws {
    let harness = try harness(.with { ($0.spares, $0.processes) = (0, 1) })
    let run = try await hang(harness, 1)
    let admissions = AdmissionLog()
    var unusable = harness.turn("p", .new(id: Self.session(2)))
    unusable.directory = "\(directory.path)/gone"
    let second = await admissions.note("2") { [unusable] () async throws(ClaudeError) in
      _ = try await harness.run(unusable, RunRecorder())
    }
    let third = await wait(harness, 3, admissions)
    run.cancel()
    await second.value
    await harness.statistics(become: PoolStatistics(live: 1, spawned: 2))
    await third.value
    #expect(admissions.entries == ["2 cannotStart", "3 in"])
    await harness.executor.kill()
  }

  @Test("a shutdown rejects turns that wait for room")
  func shutDown() async throws {
    let harness = try harness(.with { ($0.spares, $0.processes) = (0, 1) })
    _ = try await hang(harness, 1)
    let admissions = AdmissionLog()
    let second = await wait(harness, 2, admissions)
    await harness.executor.kill()
    await second.value
    #expect(admissions.entries == ["2 cancelled"])
    #expect(harness.statistics == PoolStatistics(spawned: 1))
  }

  // MARK: Starts

  @Test("limit: concurrent starts")
  func starts() async throws {
    let limit = PoolLimits().starts
    let outcomes = try await LimitTable.row("starts", limit) { offset in
      let directory = TemporaryDirectory()
      // Says nothing: it is never up.
      let harness = ExecutorHarness(StandInCLI.script("exec sleep 600", in: directory), directory, pool: .keeping)
      let admissions = AdmissionLog()
      var tasks: [Task<Void, Never>] = []
      for number in 0..<(limit + offset) { tasks.append(await wait(harness, number, admissions)) }
      let started = harness.statistics.spawned
      harness.scheduler.advance(by: PoolLimits().start)
      for task in tasks { await task.value }
      #expect(harness.statistics.spawned == limit + offset)
      await harness.executor.kill()
      return "\(started) started"
    }
    #expect(outcomes == ["1 started", "2 started", "2 started"])
  }

  @Test("limit: time after which a silent start counts as over")
  func start() async throws {
    let limit = PoolLimits().start
    let outcomes = try await LimitTable.row("start", limit) { offset in
      let directory = TemporaryDirectory()
      let harness = ExecutorHarness(
        StandInCLI.script("exec sleep 600", in: directory), directory, pool: .with { ($0.spares, $0.starts) = (0, 1) })
      let admissions = AdmissionLog()
      await wait(harness, 1, admissions).value
      let second = await wait(harness, 2, admissions)
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      await nextTurn()
      let spawned = harness.statistics.spawned
      harness.scheduler.advance(by: .milliseconds(1))
      await second.value
      await harness.executor.kill()
      return "\(spawned) started"
    }
    #expect(outcomes == ["1 started", "2 started", "2 started"])
  }

  @Test("the next start begins when a process is up or exits")
  func startsAreOver() async throws {
    let simulator = try StandInCLI.simulator
    for body in ["exec '\(simulator)' \"$@\"", "exit 1"] {
      let directory = TemporaryDirectory()
      let harness = ExecutorHarness(
        StandInCLI.script(body, in: directory), directory, pool: .with { ($0.spares, $0.starts) = (0, 1) })
      let admissions = AdmissionLog()
      let first = await wait(harness, 1, admissions)
      let second = await wait(harness, 2, admissions)
      await first.value
      await second.value
      #expect(admissions.entries == ["1 in", "2 in"])
      await harness.executor.kill()
    }
  }

  @Test("a turn that waits too long for a start is rejected")
  func patienceForStart() async throws {
    let limit = PoolLimits().timeout
    let outcomes = try await LimitTable.row("wait for a start", limit) { offset in
      let directory = TemporaryDirectory()
      let harness = ExecutorHarness(
        StandInCLI.script("exec sleep 600", in: directory), directory,
        pool: .with { ($0.spares, $0.starts, $0.start) = (0, 1, limit * 2) })
      let admissions = AdmissionLog()
      let first = await wait(harness, 1, admissions)
      let second = await wait(harness, 2, admissions)
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      await first.value
      let run = harness.executor.activeRuns
      await harness.executor.kill()
      await second.value
      return "\(run) runs, then \(admissions.entries.last ?? "nothing")"
    }
    #expect(outcomes == ["1 runs, then 2 cancelled", "1 runs, then 2 overloaded", "1 runs, then 2 overloaded"])
  }
}
