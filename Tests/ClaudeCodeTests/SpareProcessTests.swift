import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

/// Processes that are started ahead.
@Reactor
@Suite(.bounded)
struct SpareProcessTests {
  private let directory = TemporaryDirectory()

  private func harness(_ pool: PoolLimits = PoolLimits()) throws -> ExecutorHarness {
    ExecutorHarness(try StandInCLI.simulator, directory, pool: pool)
  }

  @Test("a new session takes a spare and its id")
  func taken() async throws {
    let harness = try harness()
    let pid = try await harness.startSpare()
    let spare = PoolStatistics(live: 1, spare: 1, spawned: 1)
    #expect(harness.statistics == spare)
    let first = try await harness.complete("one")
    #expect(first.pid == pid)
    #expect(first.session != ExecutorHarness.session)
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 1))
    let second = try await harness.complete("two\nsimulate: recall", .resume(id: first.session))
    #expect(second.pid == pid)
    #expect(second.text == "one | two")
    await harness.executor.kill()
  }

  @Test("a spare gets its system prompt with its turn")
  func systemPrompt() async throws {
    let harness = try harness()
    let pid = try await harness.startSpare()
    let first = try await harness.complete("simulate: init-request", options: .with { $0.systemPrompt = "be brief" })
    #expect(first.pid == pid)
    #expect(try JSONValue(parsing: first.text)["systemPrompt"] == ["be brief"])
    await harness.executor.kill()
  }

  @Test("limit: delay before a spare is replaced")
  func replacement() async throws {
    let limit = PoolLimits().replenishDelay
    let outcomes = try await LimitTable.row("place of a spare", limit) { offset in
      let harness = ExecutorHarness(try StandInCLI.simulator, TemporaryDirectory(), pool: PoolLimits())
      try await harness.startSpare()
      _ = try await harness.complete("one")
      #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 1))
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let spares = harness.statistics.spare
      await harness.executor.kill()
      return "\(spares) spare"
    }
    #expect(outcomes == ["0 spare", "1 spare", "1 spare"])
  }

  @Test("spares are started one after the other up to the limit", arguments: [0, 1, 3])
  func number(spares: Int) async throws {
    let harness = try harness(.with { $0.spares = spares })
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    #expect(harness.statistics.spare == min(1, spares))
    await until { harness.statistics.spare == spares && !harness.scheduler.waits.contains(PoolLimits().start) }
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    #expect(harness.statistics == PoolStatistics(live: spares, spare: spares, spawned: spares))
    await harness.executor.kill()
  }

  @Test("a spare with another model or permission mode is switched and used")
  func switched() async throws {
    for (options, expected) in [
      (TurnOptions.with { $0.model = "m1" }, ["m1", "default"]),
      (TurnOptions.with { $0.permissionMode = .plan }, ["claude-opus-5-5", "plan"]),
    ] {
      let harness = ExecutorHarness(try StandInCLI.simulator, TemporaryDirectory(), pool: PoolLimits())
      let pid = try await harness.startSpare()
      let first = try await harness.complete("one", options: options)
      #expect(first.pid == pid)
      #expect([first.beginning?["model"]?.string, first.beginning?["permissionMode"]?.string] == expected)
      await harness.executor.kill()
    }
  }

  @Test("a spare that needs no switch is preferred")
  func ranked() async throws {
    let harness = try harness()
    let plain = try await harness.startSpare()
    let sonnet = try await harness.startSpare(.with { $0.model = "sonnet" })
    let first = try await harness.complete("simulate: argv", options: .with { $0.model = "sonnet" })
    #expect(first.pid == sonnet)
    #expect(first.text.contains("--model=sonnet"))
    let second = try await harness.complete("two", .new(id: "99999999-2222-4333-8444-555555555555"))
    #expect(second.pid == plain)
    await harness.executor.kill()
  }

  @Test(
    "a spare that cannot be switched is not used",
    arguments: [
      TurnOptions.with { $0.maxTurns = 2 }, .with { $0.allowedTools = ["Bash"] },
      .with { $0.permissionMode = .bypassPermissions },
    ])
  func unfit(options: TurnOptions) async throws {
    let harness = try harness()
    let pid = try await harness.startSpare()
    let first = try await harness.complete("one", options: options)
    #expect(first.pid != pid)
    #expect(first.session == ExecutorHarness.session)
    #expect(harness.statistics.reused == 0)
    let second = try await harness.complete("two", .new(id: "99999999-2222-4333-8444-555555555555"))
    #expect(second.pid == pid)
    await harness.executor.kill()
  }

  @Test("a spare that may bypass permissions only serves turns that ask for it")
  func bypass() async throws {
    let harness = try harness()
    let bypass = TurnOptions.with { $0.dangerouslySkipPermissions = true }
    let pid = try await harness.startSpare(bypass)
    let first = try await harness.complete("one")
    #expect(first.pid != pid)
    let second = try await harness.complete("two", .new(id: "99999999-2222-4333-8444-555555555555"), options: bypass)
    #expect(second.pid == pid)
    await harness.executor.kill()
  }

  @Test("limit: age of a spare")
  func age() async throws {
    let limit = PoolLimits().spareAge
    let outcomes = try await LimitTable.row("spare", limit) { offset in
      let harness = ExecutorHarness(try StandInCLI.simulator, TemporaryDirectory(), pool: PoolLimits())
      let pid = try await harness.startSpare()
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let first = try await harness.complete("one")
      #expect(first.result?.isError == false)
      #expect(harness.statistics.crashed == 0)
      await harness.executor.kill()
      return first.pid == pid ? "used" : "ended"
    }
    #expect(outcomes == ["used", "ended", "ended"])
  }

  @Test("an expired spare is replaced")
  func successor() async throws {
    let harness = try harness()
    try await harness.startSpare()
    harness.scheduler.advance(by: PoolLimits().spareAge)
    await until { harness.statistics.live == 0 }
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    #expect(harness.statistics == PoolStatistics(live: 1, spare: 1, spawned: 2))
    await harness.executor.kill()
  }

  @Test("a spare of a replaced program is not used")
  func replacedProgram() async throws {
    let simulator = try StandInCLI.simulator
    let cli = StandInCLI.script("exec '\(simulator)' \"$@\"", in: directory)
    let harness = ExecutorHarness(cli, directory, pool: PoolLimits())
    let old = try await harness.startSpare()
    _ = StandInCLI.script("# new\nexec '\(simulator)' \"$@\"", in: directory)
    let first = try await harness.complete("one")
    #expect(first.pid != old)
    #expect(harness.statistics.reused == 0)
    await until { ProcessTable().entries.allSatisfy { $0.identity.pid != old || $0.isZombie } }
    await harness.executor.kill()
  }

  @Test("a session whose spare was killed gets another process", arguments: [true, false])
  func killed(isNoticed: Bool) async throws {
    let harness = try harness()
    let pid = try await harness.startSpare()
    if isNoticed {
      kill(pid, SIGKILL)
      await until { harness.statistics.live == 0 }
    }
    let first = try await harness.complete("one") {
      if !isNoticed { kill(pid, SIGKILL) }
    }
    #expect(first.result?.isError == false)
    #expect(first.pid != pid)
    #expect(harness.statistics.reused == (isNoticed ? 0 : 1))
    #expect(harness.statistics.killed == 0)
    let second = try await harness.complete("two\nsimulate: recall", .resume(id: first.session))
    #expect(second.text == "one | two")
    await harness.executor.kill()
  }

  @Test("spares for forgotten demands are ended")
  func forgotten() async throws {
    let harness = try harness(.with { $0.fingerprints = 1 })
    let old = try await harness.startSpare()
    harness.executor.prepare(for: harness.turn("", options: .with { $0.maxTurns = 1 }))
    await until { harness.statistics.live == 0 }
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    #expect(harness.statistics == PoolStatistics(live: 1, spare: 1, spawned: 2))
    let first = try await harness.complete("one", options: .with { $0.maxTurns = 1 })
    #expect(first.pid != old)
    #expect(harness.statistics.reused == 1)
    await harness.executor.kill()
  }

  // MARK: Processes that do not survive their start

  private static let crashing = "echo 'Error: no' >&2; exit 1"

  @Test("crashes at start delay the next start, longer each time, and are reported")
  func rest() async throws {
    let harness = ExecutorHarness(StandInCLI.script(Self.crashing, in: directory), directory, pool: PoolLimits())
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    for (count, rest) in [2, 4, 8, 16, 32, 60, 60].enumerated() {
      await harness.statistics(become: PoolStatistics(spawned: count + 1, crashed: count + 1, isResting: true))
      harness.scheduler.advance(by: .seconds(rest) - .milliseconds(1))
      #expect(harness.statistics == PoolStatistics(spawned: count + 1, crashed: count + 1, isResting: true))
      harness.scheduler.advance(by: .milliseconds(1))
      #expect(harness.statistics.spawned == count + 2)
    }
    await harness.executor.kill()
  }

  @Test("limit: longest delay after crashes")
  func longestRest() async throws {
    let limit = PoolLimits().longestRest
    let outcomes = try await LimitTable.row("rest", limit) { offset in
      let directory = TemporaryDirectory()
      let pool = PoolLimits.with { $0.longestRest = .seconds(2) + limit - .seconds(60) }
      let harness = ExecutorHarness(StandInCLI.script(Self.crashing, in: directory), directory, pool: pool)
      harness.executor.prepare(for: harness.turn(""))
      harness.scheduler.advance(by: pool.replenishDelay)
      for count in 1...3 {
        await until { harness.statistics.crashed == count }
        if count < 3 { harness.scheduler.advance(by: pool.longestRest) }
      }
      harness.scheduler.advance(by: pool.longestRest + .milliseconds(offset))
      let rests = harness.statistics.isResting
      await harness.executor.kill()
      return rests ? "rests" : "starts"
    }
    #expect(outcomes == ["rests", "starts", "starts"])
  }

  @Test("a successful turn resets the crash series")
  func recovery() async throws {
    let simulator = try StandInCLI.simulator
    let harness = ExecutorHarness(StandInCLI.script(Self.crashing, in: directory), directory, pool: PoolLimits())
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    await until { harness.statistics.crashed == 1 }
    harness.scheduler.advance(by: .seconds(2))
    await until { harness.statistics.crashed == 2 }
    _ = StandInCLI.script("exec '\(simulator)' \"$@\"", in: directory)
    let first = try await harness.complete("one")
    #expect(first.result?.isError == false)
    harness.scheduler.advance(by: .seconds(4))
    #expect(!harness.statistics.isResting)
    await until { harness.statistics.spare == 1 && !harness.scheduler.waits.contains(PoolLimits().start) }
    // The next one is the first again.
    _ = StandInCLI.script(Self.crashing, in: directory)
    let refused = try await harness.complete("two", .new(id: "99999999-2222-4333-8444-555555555555"))
    #expect(refused.result == nil)
    #expect(harness.statistics.isResting)
    harness.scheduler.advance(by: .seconds(2))
    #expect(!harness.statistics.isResting)
    await harness.executor.kill()
  }

  @Test("a turn's process that crashes at its start counts as crashed, not killed")
  func crashedTurn() async throws {
    let harness = ExecutorHarness(StandInCLI.script(Self.crashing, in: directory), directory, pool: .keeping)
    let first = try await harness.complete("one")
    #expect(first.result == nil)
    #expect(harness.statistics == PoolStatistics(spawned: 1, crashed: 1, isResting: true))
  }

  @Test("a process that exits during a turn counts as crashed, not killed")
  func lost() async throws {
    let harness = try harness(.keeping)
    let first = try await harness.complete("one\nsimulate: crash=1")
    #expect(first.result == nil)
    await harness.statistics(become: PoolStatistics(spawned: 1))
  }
}
