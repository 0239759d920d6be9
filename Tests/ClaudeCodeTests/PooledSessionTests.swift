import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Glibc
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// Processes that stay with their session.
@Reactor
@Suite(.bounded)
struct PooledSessionTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private static let resume = Turn.Session.resume(id: ExecutorHarness.session)

  private func harness(_ pool: PoolLimits = .keeping) throws -> ExecutorHarness {
    ExecutorHarness(try StandInCLI.simulator, directory, pool: pool)
  }

  @Test("a session's turns share one process, which remembers")
  func oneProcess() async throws {
    let harness = try harness()
    let first = try await harness.complete("one")
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1))
    let second = try await harness.complete("two\nsimulate: recall", Self.resume)
    #expect(second.pid == first.pid)
    #expect(second.session == ExecutorHarness.session)
    #expect(second.text == "one | two")
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 1))
    await harness.executor.kill()
    #expect(harness.statistics == PoolStatistics(spawned: 1, reused: 1))
  }

  @Test("each session has a process of its own")
  func twoSessions() async throws {
    let harness = try harness()
    let first = try await harness.complete("one")
    let second = try await harness.complete("two", .new(id: "99999999-2222-4333-8444-555555555555"))
    #expect(first.pid != second.pid)
    let third = try await harness.complete("three\nsimulate: recall", .resume(id: second.session))
    #expect(third.pid == second.pid)
    #expect(third.text == "two | three")
    #expect(harness.statistics == PoolStatistics(live: 2, idle: 2, spawned: 2, reused: 1))
    await harness.executor.kill()
  }

  @Test("each turn has its own cost, not the process's total")
  func costs() async throws {
    let harness = try harness()
    let first = try await harness.complete("simulate: tokens=3")
    let second = try await harness.complete("simulate: tokens=3", Self.resume)
    let cost = try #require(first.result?.totalCost)
    #expect(cost > 0)
    #expect(abs(try #require(second.result?.totalCost) - cost) < 1e-12)
    #expect(first.pid == second.pid)
    await harness.executor.kill()
  }

  /// What a running process cannot be told.
  enum Fixed: CaseIterable {
    case systemPrompt, appendSystemPrompt, allowedTools, disallowedTools, maxTurns, effort, fileMentions, bypass

    var options: TurnOptions {
      .with { options in
        switch self {
        case .systemPrompt: options.systemPrompt = "p"
        case .appendSystemPrompt: options.appendSystemPrompt = "p"
        case .allowedTools: options.allowedTools = ["Bash"]
        case .disallowedTools: options.disallowedTools = ["Bash"]
        case .maxTurns: options.maxTurns = 5
        case .effort: options.effort = .low
        case .fileMentions: options.fileMentions = true
        case .bypass: options.permissionMode = .bypassPermissions
        }
      }
    }
  }

  @Test("an option that needs a new process restarts the session in one", arguments: Fixed.allCases)
  func restart(option: Fixed) async throws {
    let harness = try harness()
    let first = try await harness.complete("one")
    let second = try await harness.complete("two\nsimulate: recall", Self.resume, options: option.options)
    #expect(second.pid != first.pid)
    #expect(second.text == "one | two")
    // One session never has two processes.
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 2))
    await harness.executor.kill()
  }

  @Test("a changed system prompt reaches the CLI; an equal one needs no new process")
  func systemPrompt() async throws {
    let harness = try harness()
    let options = TurnOptions.with { $0.systemPrompt = "be brief" }
    let first = try await harness.complete("one", options: options)
    let second = try await harness.complete("simulate: init-request", Self.resume, options: options)
    #expect(first.pid == second.pid)
    let third = try await harness.complete(
      "simulate: init-request", Self.resume, options: .with { $0.systemPrompt = "be long" })
    #expect(third.pid != second.pid)
    #expect(try JSONValue(parsing: second.text)["systemPrompt"] == ["be brief"])
    #expect(try JSONValue(parsing: third.text)["systemPrompt"] == ["be long"])
    await harness.executor.kill()
  }

  @Test("model and permission mode are switched in the running process")
  func switching() async throws {
    let harness = try harness()
    var pids: Set<Int32> = []
    for (model, mode, expected) in [
      (nil, nil, ["claude-opus-5-5", "default"]), ("m1", .acceptEdits, ["m1", "acceptEdits"]),
      ("m2", .acceptEdits, ["m2", "acceptEdits"]), ("m2", .plan, ["m2", "plan"]),
      ("m2", .manual, ["m2", "default"]), (nil, nil, ["claude-opus-5-5", "default"]),
    ] as [(String?, PermissionMode?, [String])] {
      let options = TurnOptions.with { ($0.model, $0.permissionMode) = (model, mode) }
      let turn = try await harness.complete(
        "x", pids.isEmpty ? .new(id: ExecutorHarness.session) : Self.resume, options: options)
      pids.insert(turn.pid)
      let beginning = try #require(turn.beginning)
      #expect([beginning["model"]?.string, beginning["permissionMode"]?.string] == expected)
    }
    #expect(pids.count == 1)
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 5))
    await harness.executor.kill()
  }

  @Test("a process may leave and re-enter bypassPermissions")
  func bypass() async throws {
    let harness = try harness()
    let bypass = TurnOptions.with { $0.dangerouslySkipPermissions = true }
    let first = try await harness.complete("one", options: bypass)
    let second = try await harness.complete("two", Self.resume)
    let third = try await harness.complete("three", Self.resume, options: bypass)
    #expect(Set([first.pid, second.pid, third.pid]).count == 1)
    let modes = [first, second, third].map { $0.beginning?["permissionMode"]?.string }
    #expect(modes == ["bypassPermissions", "default", "bypassPermissions"])
    await harness.executor.kill()
  }

  @Test("limit: idle time of a process")
  func idleTime() async throws {
    let limit = PoolLimits().sessionIdle
    let outcomes = try await LimitTable.row("wait for the next turn", limit) { offset in
      let harness = ExecutorHarness(try StandInCLI.simulator, TemporaryDirectory(), pool: .keeping)
      let first = try await harness.complete("one")
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let second = try await harness.complete("two\nsimulate: recall", .resume(id: first.session))
      #expect(second.text == "one | two")
      // The time begins anew with each turn.
      harness.scheduler.advance(by: limit - .milliseconds(1))
      #expect(harness.statistics.idle == 1)
      await harness.executor.kill()
      return second.pid == first.pid ? "same process" : "another one"
    }
    #expect(outcomes == ["same process", "another one", "another one"])
  }

  @Test("a process with a budget serves one turn only")
  func budget() async throws {
    let harness = try harness(.with { $0.spares = 1 })
    let options = TurnOptions.with { $0.maxBudgetUSD = 1 }
    let first = try await harness.complete("one", options: options)
    #expect(harness.statistics.idle == 0)
    let second = try await harness.complete("two\nsimulate: recall", Self.resume, options: options)
    #expect(second.pid != first.pid)
    #expect(second.text == "one | two")
    // None is started ahead for such turns, either.
    harness.scheduler.advance(by: PoolLimits().replenishDelay)
    await harness.statistics(become: PoolStatistics(spawned: 2))
  }

  @Test("an idle process of a replaced program is not reused")
  func replacedProgram() async throws {
    let simulator = try StandInCLI.simulator
    let cli = StandInCLI.script("exec '\(simulator)' \"$@\"", in: directory)
    let harness = ExecutorHarness(cli, directory, pool: .keeping)
    let first = try await harness.complete("one")
    let second = try await harness.complete("two", Self.resume)
    #expect(second.pid == first.pid)
    _ = StandInCLI.script("# new\nexec '\(simulator)' \"$@\"", in: directory)
    let third = try await harness.complete("three\nsimulate: recall", Self.resume)
    #expect(third.pid != first.pid)
    #expect(third.text == "one | two | three")
    let fourth = try await harness.complete("four", Self.resume)
    #expect(fourth.pid == third.pid)
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 2, reused: 2))
    await harness.executor.kill()
  }

  // MARK: Processes that end, or do something, by themselves

  @Test("a session whose idle process was killed is resumed in another one", arguments: [true, false])
  func killedWhileIdle(isNoticed: Bool) async throws {
    let harness = try harness()
    let first = try await harness.complete("one")
    if isNoticed {
      kill(first.pid, SIGKILL)
      await harness.statistics(become: PoolStatistics(spawned: 1))
    }
    // Otherwise the turn is given to a dead process.
    let second = try await harness.complete("two\nsimulate: recall", Self.resume) {
      if !isNoticed { kill(first.pid, SIGKILL) }
    }
    #expect(second.result?.isError == false)
    #expect(second.text == "one | two")
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 2, reused: isNoticed ? 0 : 1))
    #expect(harness.executor.activeRuns == 0)
    await harness.executor.kill()
  }

  @Test("an idle process that exits is dropped")
  func leaves() async throws {
    let harness = try harness()
    let first = try await harness.complete("one\nsimulate: exit-after")
    await harness.statistics(become: PoolStatistics(spawned: 1))
    let second = try await harness.complete("two\nsimulate: recall", Self.resume)
    #expect(second.text == "one | two")
    #expect(second.pid != first.pid)
    await harness.executor.kill()
  }

  @Test(
    "an idle process that starts a turn by itself is not reused; other output is harmless",
    arguments: [
      (CLILine.initLine, false), (CLILine.text("a"), false), (CLILine.result("a"), false),
      (CLILine.retry("529", delay: 1), true), (#"{"type":"control_response","response":{}}"#, true),
      (#"{"type":"keep_alive"}"#, true), ("no JSON", true),
    ])
  func beginsByItself(line: String, isKept: Bool) async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory, pool: .keeping)
    _ = try await harness.run(harness.turn("p"), recorder)
    cli.emit(CLILine.initLine)
    cli.emit(CLILine.result("a"))
    _ = await recorder.result()
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1))
    cli.emit(line)
    if isKept {
      // The one after it is heard, and what came before it has been by then.
      let second = RunRecorder()
      _ = try await harness.run(harness.turn("q", Self.resume), second)
      cli.emit(CLILine.initLine)
      cli.emit(CLILine.result("b"))
      #expect(await second.result()?.text == "b")
      #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: 1, reused: 1))
    } else {
      await harness.statistics(become: PoolStatistics(spawned: 1))
    }
    await harness.executor.kill()
  }

  @Test("a second result does not end the next turn")
  func secondResult() async throws {
    let harness = try harness()
    let first = try await harness.complete("one\nsimulate: tokens=1 two-results")
    #expect(first.text == "w0 ")
    await until { harness.statistics.idle == 0 }
    let second = try await harness.complete("two\nsimulate: tokens=2", Self.resume)
    #expect(second.text == "w0 w1 ")
    #expect(second.pid != first.pid)
    await harness.executor.kill()
  }

  @Test("a dead process is released from memory")
  func memory() async throws {
    let pool = ProcessPool(
      .keeping,
      launcher: ProcessLauncher(
        locator: .only(StandInCLI.script("exec sleep 600", in: directory)), environment: .test(), logger: .silent,
        clock: { Timestamp(milliseconds: 0) }, newID: { "memory" }),
      kill: .seconds(5), scheduler: ManualScheduler(), logger: .silent, availableMemory: { nil })
    let turn = Turn(prompt: "p", session: .new(id: ExecutorHarness.session), directory: directory.path)
    weak var process: ClaudeProcess?
    do {
      let lease = try await pool.lease(
        turn, as: Fingerprint(turn, settingSources: nil), cancellation: CancellationSignal())
      process = lease.process
      pool.giveBack(lease.process, .complete) {}
    }
    try #require(pool.statistics.idle == 1)
    kill(try #require(process?.pid), SIGKILL)
    await until { pool.statistics.live == 0 }
    await until { process == nil }
    #expect(process == nil)
  }
}
