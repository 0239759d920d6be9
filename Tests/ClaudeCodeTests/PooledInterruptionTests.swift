import Bytes
import ClaudeCodeTestSupport
import System
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// Turns that are cancelled, and what becomes of their processes.
@Reactor
@Suite(.bounded)
struct PooledInterruptionTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private static let resume = Turn.Session.resume(id: ExecutorHarness.session)

  private func harness() throws -> ExecutorHarness {
    ExecutorHarness(try StandInCLI.simulator, directory, pool: .keeping)
  }

  /// A turn that stands in its middle.
  private func hang(_ harness: ExecutorHarness, _ more: String = "") async throws -> Run {
    let run = try await harness.run(harness.turn("one\nsimulate: tokens=9 hang=2 \(more)"), recorder)
    await until { recorder.lines.contains { $0.contains("w1 ") } }
    return run
  }

  @Test("cancelling a turn keeps its process for the next one")
  func kept() async throws {
    let harness = try harness()
    let run = try await hang(harness)
    let pid = run.pid
    run.remove(recorder)
    #expect(harness.executor.activeRuns == 0)
    await harness.statistics(become: PoolStatistics(live: 1, idle: 1, spawned: 1))
    let second = try await harness.complete("two\nsimulate: recall", Self.resume)
    #expect(second.pid == pid)
    #expect(second.text == "one | two")
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 1))
    await harness.executor.kill()
  }

  @Test("the session's next turn waits for the cancelled one and gets none of its output")
  func nextTurn() async throws {
    let harness = try harness()
    let run = try await hang(harness)
    let pid = run.pid
    run.cancel()
    let second = try await harness.complete("two\nsimulate: tokens=3", Self.resume)
    #expect(second.pid == pid)
    #expect(second.text == "w0 w1 w2 ")
    await harness.executor.kill()
  }

  @Test("a cancelled turn's cost is not added to the next one")
  func costs() async throws {
    let harness = try harness()
    let first = try await harness.complete("simulate: tokens=3")
    let cancelled = RunRecorder()
    let run = try await harness.run(harness.turn("simulate: tokens=900 hang=800", Self.resume), cancelled)
    await until { cancelled.lines.contains { $0.contains("w799 ") } }
    run.cancel()
    let third = try await harness.complete("simulate: tokens=3", Self.resume)
    #expect(third.pid == first.pid)
    let cost = try #require(first.result?.totalCost)
    #expect(abs(try #require(third.result?.totalCost) - cost) < 1e-12)
    await harness.executor.kill()
  }

  @Test("a turn cancelled before the CLI starts it ends when it starts, and the process is kept")
  func beforeItBegan() async throws {
    let harness = try harness()
    let first = try await harness.complete("one")
    let run = try await harness.run(harness.turn("two\nsimulate: hang", Self.resume), recorder)
    run.cancel()
    await harness.statistics(become: PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 1))
    let third = try await harness.complete("three\nsimulate: tokens=1", Self.resume)
    #expect(third.pid == first.pid)
    #expect(third.text == "w0 ")
    await harness.executor.kill()
  }

  @Test("a process that is not up yet is ended at once")
  func notUp() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory, pool: .keeping)
    let run = try await harness.run(harness.turn("one"), recorder)
    run.cancel()
    await harness.statistics(become: PoolStatistics(spawned: 1, killed: 1))
    #expect(harness.scheduler.waits.isEmpty)
  }

  @Test("limit: time for an interrupted process; after it the session continues in another")
  func deaf() async throws {
    let limit = PoolLimits().interrupt
    let outcomes = try await LimitTable.row("interrupted process", limit) { offset in
      let harness = ExecutorHarness(try StandInCLI.simulator, TemporaryDirectory(), pool: .keeping)
      let recorder = RunRecorder()
      let run = try await harness.run(harness.turn("one\nsimulate: tokens=2 hang=1 deaf"), recorder)
      let pid = run.pid
      await until { recorder.lines.contains { $0.contains("w0 ") } }
      run.cancel()
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let killed = harness.statistics.killed
      harness.scheduler.advance(by: .milliseconds(1))
      let second = try await harness.complete("two\nsimulate: recall", Self.resume)
      #expect(second.text == "one | two")
      #expect(second.pid != pid)
      #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 2, killed: 1))
      await harness.executor.kill()
      return killed == 0 ? "asked" : "ended"
    }
    #expect(outcomes == ["asked", "ended", "ended"])
  }

  @Test("a process whose cancelled turn left a tool running is ended with the tool")
  func leftovers() async throws {
    let harness = try harness()
    let run = try await hang(harness, "grandchild pid-file=\(directory.path)/pid")
    let pid = run.pid
    let text = try #require(directory.text(of: "pid"))
    let tool = try #require(Int32(text.filter { !$0.isWhitespace }).flatMap(ProcessTable.entry)?.identity)
    #expect(tool.isAlive)
    run.cancel()
    let second = try await harness.complete("two\nsimulate: recall", Self.resume)
    #expect(second.text == "one | two")
    #expect(second.pid != pid)
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 2, killed: 1))
    await until { !tool.isAlive }
    // What runs since before the turn does not count: servers for tools belong to the process.
    let third = RunRecorder()
    let idle = try await harness.run(harness.turn("three\nsimulate: tokens=2 hang=1", Self.resume), third)
    await until { third.lines.contains { $0.contains("w0 ") } }
    idle.cancel()
    #expect(try await harness.complete("four", Self.resume).pid == second.pid)
    await harness.executor.kill()
  }

  @Test("an interrupted process that ignores SIGTERM is killed, and its session waits")
  func stubborn() async throws {
    let harness = try harness()
    let run = try await hang(harness, "hang-hard")
    let pid = run.pid
    run.cancel()
    let second = Task.onLoop { try? await harness.complete("two\nsimulate: recall", Self.resume) }
    harness.scheduler.advance(by: PoolLimits().interrupt + ExecutorHarness.timeouts.kill - .milliseconds(1))
    for _ in 0..<5 { await TestSupport.nextTurn() }
    #expect(harness.statistics == PoolStatistics(live: 1, spawned: 1, killed: 1))
    #expect(harness.executor.queuedTurns == 1)
    harness.scheduler.advance(by: .milliseconds(1))
    let record = try #require(await second.value)
    #expect(record.text == "one | two")
    #expect(record.pid != pid)
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 2, killed: 1))
    await harness.executor.kill()
  }

  @Test("a shutdown does not wait for an interrupted turn")
  func shutDown() async throws {
    let harness = try harness()
    let run = try await hang(harness, "deaf")
    run.cancel()
    await harness.executor.shutDown()
    #expect(harness.statistics.live == 0)
    #expect(harness.scheduler.waits.isEmpty)
  }
}
