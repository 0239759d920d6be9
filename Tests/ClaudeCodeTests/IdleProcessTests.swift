import ClaudeCodeTestSupport
import EventLoop
import Synchronization
import TestSupport
import Testing

@testable import ClaudeCode

/// How many processes are kept between turns.
@Reactor
@Suite(.bounded)
struct IdleProcessTests {
  private static func session(_ number: Int) -> String { "9999999\(number)-2222-4333-8444-555555555555" }

  /// Memory that a test sets.
  private final class Memory: Sendable {
    let available = Mutex<Int?>(nil)
  }

  @Test("limit: idle processes; the one unused for the longest time is ended")
  func idle() async throws {
    let limit = 2
    let outcomes = try await LimitTable.row("idle processes (here)", limit) { offset in
      let harness = ExecutorHarness(
        try StandInCLI.simulator, TemporaryDirectory(), pool: .with { ($0.spares, $0.idle) = (0, limit) })
      var pids: [Int32] = []
      for number in 0..<(limit + offset) {
        pids.append(try await harness.complete("one", .new(id: Self.session(number))).pid)
      }
      await until { harness.statistics.live == harness.statistics.idle }
      let idle = harness.statistics.idle
      let last = try await harness.complete("two", .resume(id: Self.session(limit + offset - 1)))
      #expect(last.pid == pids.last)
      let first = try await harness.complete("two", .resume(id: Self.session(0)))
      await harness.executor.kill()
      return "\(idle) idle, the first \(first.pid == pids[0] ? "too" : "not")"
    }
    #expect(outcomes == ["1 idle, the first too", "2 idle, the first too", "2 idle, the first not"])
  }

  @Test("with a limit of zero a process ends with its turn")
  func none() async throws {
    let harness = ExecutorHarness(
      try StandInCLI.simulator, TemporaryDirectory(), pool: .with { ($0.spares, $0.idle) = (0, 0) })
    _ = try await harness.complete("one")
    await harness.statistics(become: PoolStatistics(spawned: 1))
    await harness.executor.kill()
  }

  @Test("limit: memory reserve; below it idle processes are ended, then spares, one at each check")
  func memory() async throws {
    let limit = 1000
    let outcomes = try await LimitTable.row("memory reserve (here)", limit) { offset in
      let memory = Memory()
      let harness = ExecutorHarness(
        try StandInCLI.simulator, TemporaryDirectory(), pool: .with { $0.memoryReserve = limit },
        availableMemory: { memory.available.withLock { $0 } })
      _ = try await harness.complete("one", .new(id: Self.session(1)))
      try await harness.startSpare()
      memory.available.withLock { $0 = limit + offset }
      harness.scheduler.advance(by: PoolLimits().memoryInterval)
      await until { harness.statistics.live == harness.statistics.idle + harness.statistics.spare }
      let first = "\(harness.statistics.idle) idle, \(harness.statistics.spare) spare"
      harness.scheduler.advance(by: PoolLimits().memoryInterval)
      await until { harness.statistics.live == harness.statistics.idle + harness.statistics.spare }
      let second = "\(harness.statistics.idle) idle, \(harness.statistics.spare) spare"
      await harness.executor.kill()
      return "\(first); \(second)"
    }
    #expect(
      outcomes == [
        "0 idle, 1 spare; 0 idle, 0 spare", "1 idle, 1 spare; 1 idle, 1 spare", "1 idle, 1 spare; 1 idle, 1 spare",
      ])
  }

  @Test("no spare is started while memory is short")
  func noSpares() async throws {
    let memory = Memory()
    memory.available.withLock { $0 = 999 }
    let harness = ExecutorHarness(
      try StandInCLI.simulator, TemporaryDirectory(), pool: .with { $0.memoryReserve = 1000 },
      availableMemory: { memory.available.withLock { $0 } })
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    #expect(harness.statistics == PoolStatistics())
    memory.available.withLock { $0 = 1000 }
    harness.scheduler.advance(by: PoolLimits().memoryInterval)
    #expect(harness.statistics == PoolStatistics(live: 1, spare: 1, spawned: 1))
    await harness.executor.kill()
  }
}
