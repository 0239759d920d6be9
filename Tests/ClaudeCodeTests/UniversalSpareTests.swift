import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

/// Spares that any turn of their kind can claim.
@Reactor
@Suite(.bounded)
struct UniversalSpareTests {
  private let directory = TemporaryDirectory()

  private nonisolated static let pool = PoolLimits.with { $0.universalSpares = 1 }

  /// An executor with a spare for default turns and both universal ones.
  ///
  /// - Parameter simulate: directives for every process.
  private func harness(_ pool: PoolLimits = Self.pool, simulate: String = "") async throws -> ExecutorHarness {
    let simulator = try StandInCLI.simulator
    let cli = StandInCLI.script("CLAUDE_SIMULATOR='\(simulate)' exec '\(simulator)' \"$@\"", in: directory)
    let harness = ExecutorHarness(cli, directory, pool: pool)
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: pool.replenishDelay)
    let count = 1 + 2 * pool.universalSpares
    await until { harness.statistics.spare == count && !harness.scheduler.waits.contains(pool.start) }
    return harness
  }

  /// Ends the universal spares and the others.
  private func end(_ harness: ExecutorHarness) async { await harness.executor.kill() }

  @Test("the first turn in another workspace claims a spare, with its own mode, model, effort and tools")
  func claimed() async throws {
    let harness = try await harness()
    let workspace = TemporaryDirectory()
    let recorder = RunRecorder()
    var turn = harness.turn("simulate: cwd")
    turn.directory = workspace.path
    turn.options = .with {
      ($0.permissionMode, $0.model, $0.effort, $0.allowedTools) = (.plan, "m1", .low, ["Bash(git:*)", "Read"])
      $0.systemPrompt = "be brief"
    }
    let run = try await harness.run(turn, recorder)
    let result = await recorder.result()
    #expect(result?.text == workspace.path)
    let beginning = try recorder.lines.map { try JSONValue(parsing: $0) }.first { $0["subtype"] == "init" }
    #expect(beginning?["permissionMode"] == "plan" && beginning?["model"] == "m1")
    #expect(beginning?["cwd"] == .string(workspace.path))
    #expect(beginning?["session_id"] == .string(run.sessionID))
    #expect(run.sessionID != ExecutorHarness.session)
    #expect(harness.statistics.reused == 1 && harness.statistics.spare == 2)
    // The session's next turn finds the process, which knows its system prompt.
    turn.session = .resume(id: run.sessionID)
    turn.content = [.text("simulate: init-request")]
    let second = RunRecorder()
    _ = try await harness.run(turn, second)
    let request = try JSONValue(parsing: try #require(await second.result()?.text))
    #expect(request["systemPrompt"] == ["be brief"])
    #expect(harness.statistics.reused == 2)
    await end(harness)
  }

  @Test("tools of a claimed process are allowed as in a process of its own")
  func tools() async throws {
    let harness = try await harness()
    let turn = harness.turn("simulate: ask=Bash tokens=1", options: .with { $0.allowedTools = ["Bash"] })
    let recorder = RunRecorder()
    _ = try await harness.run(turn, recorder)
    #expect(await recorder.result()?.isError == false)
    #expect(recorder.questions.isEmpty && harness.statistics.reused == 1)
    #expect(!recorder.lines.contains { $0.contains("did not allow") })
    await end(harness)
  }

  @Test("turns with functions claim the spare without built-in tools")
  func functions() async throws {
    let harness = try await harness()
    var turn = harness.turn("simulate: call=f tokens=1")
    turn.functions = [FunctionDeclaration(name: "f")]
    let recorder = RunRecorder()
    let run = try await harness.run(turn, recorder)
    #expect(await recorder.outcome() == .parked)
    #expect(harness.statistics.reused == 1)
    let second = RunRecorder()
    let results = Dictionary(uniqueKeysWithValues: run.openCalls.map { ($0, FunctionResult([.text("sunny")])) })
    try harness.executor.resume(run, results, observer: second)
    #expect(await second.result()?.isError == false)
    let beginning = try recorder.lines.map { try JSONValue(parsing: $0) }.first { $0["subtype"] == "init" }
    #expect(beginning?["tools"] == ["mcp__client__f"])
    await end(harness)
  }

  @Test("a spare that fits without a claim is preferred")
  func matching() async throws {
    let harness = try await harness()
    let first = try await harness.complete("simulate: argv")
    #expect(!first.text.contains("--await-claim") && harness.statistics.reused == 1)
    await end(harness)
  }

  @Test(
    "what only a start can decide is started, and takes no spare",
    arguments: [
      TurnOptions.with { $0.maxTurns = 2 }, .with { $0.maxBudgetUSD = 1 }, .with { $0.disallowedTools = ["Bash"] },
      .with { $0.fileMentions = true }, .with { $0.permissionMode = .bypassPermissions },
    ])
  func unclaimable(options: TurnOptions) async throws {
    let harness = try await harness()
    let first = try await harness.complete("simulate: argv", options: options)
    #expect(!first.text.contains("--await-claim"))
    #expect(first.session == ExecutorHarness.session && harness.statistics.reused == 0)
    #expect(Fingerprint(harness.turn("", options: options), settingSources: nil).claimable == nil)
    await end(harness)
  }

  @Test("functions beside built-in tools, and MCP servers, need a start")
  func unclaimableTurns() {
    var turn = Turn(prompt: "", session: .new(id: "s"), directory: "/", options: .with { $0.allowedTools = ["Read"] })
    turn.functions = [FunctionDeclaration(name: "f")]
    #expect(Fingerprint(turn, settingSources: nil).claimable == nil)
    turn.options = TurnOptions()
    #expect(Fingerprint(turn, settingSources: nil).claimable?.hasFunctions == true)
    turn.mcpConfigPath = "/x"
    #expect(Fingerprint(turn, settingSources: nil).claimable == nil)
    // Web tools need a process that does not hide them.
    turn = Turn(prompt: "", session: .new(id: "s"), directory: "/")
    turn.allowedBuiltInTools = ["WebSearch"]
    #expect(Fingerprint(turn, settingSources: nil).claimable == nil)
  }

  @Test("a claim that fails is unseen: the turn gets a process of its own", arguments: ["refuse", "die"])
  func failing(way: String) async throws {
    let harness = try await harness(simulate: "claim=\(way)")
    let first = try await harness.complete("one", options: .with { $0.effort = .low })
    #expect(first.result?.isError == false)
    #expect(first.session == ExecutorHarness.session && harness.statistics.reused == 0)
    await end(harness)
  }

  @Test("a spare that is still starting is claimed")
  func starting() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory, pool: Self.pool)
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: Self.pool.replenishDelay)
    await until { harness.statistics.universal > 0 }
    let first = try await harness.complete("simulate: argv", options: .with { $0.effort = .low })
    #expect(first.text.contains("--await-claim") && harness.statistics.reused == 1)
    await end(harness)
  }

  @Test("limit: time of a claim")
  func late() async throws {
    let limit = PoolLimits().claim
    let outcomes = try await LimitTable.row("claim of a spare", limit) { offset in
      let harness = try await harness(simulate: "claim=ignore")
      let recorder = RunRecorder()
      let session = "9999999\(1 + offset)-2222-4333-8444-555555555555"
      let turn = harness.turn("one", .new(id: session), options: .with { $0.effort = .low })
      let run = Task.onLoop { try? await harness.run(turn, recorder) }
      await until { harness.scheduler.waits.contains(limit) }
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let isWaiting = harness.scheduler.waits.contains(.milliseconds(-offset))
      if isWaiting { harness.scheduler.advance(by: .milliseconds(-offset)) }
      #expect(await run.value != nil)
      #expect(await recorder.result()?.isError == false)
      await end(harness)
      return isWaiting ? "waits" : "starts"
    }
    #expect(outcomes == ["waits", "starts", "starts"])
  }

  @Test("a workspace that has become a link is not claimed")
  func link() async throws {
    let harness = try await harness()
    let base = TemporaryDirectory()
    _ = unsafe symlink(directory.path, "\(base.path)/w")
    var turn = harness.turn("one")
    turn.directory = "\(base.path)/w"
    turn.workspaceBase = base.path
    #expect(await harness.refusal(of: turn)?.kind == .workspaceUnusable)
    #expect(harness.statistics.reused == 0)
    await end(harness)
  }

  @Test("a claimed spare is replaced")
  func replaced() async throws {
    let harness = try await harness()
    _ = try await harness.complete("one", options: .with { $0.effort = .low })
    // One for this kind of turn, and the universal one again.
    await until {
      if let wait = harness.scheduler.waits.first, wait <= Self.pool.replenishDelay {
        harness.scheduler.advance(by: wait)
      }
      return harness.statistics.spare == 4
    }
    let second = try await harness.complete(
      "simulate: argv", .new(id: "99999999-2222-4333-8444-555555555555"), options: .with { $0.effort = .high })
    #expect(second.text.contains("--await-claim"))
    await end(harness)
  }

  @Test("an older CLI without such spares keeps the others, and is asked once")
  func older() async throws {
    let simulator = try StandInCLI.simulator
    let cli = StandInCLI.script(
      """
      for word in "$@"; do
        [ "$word" = --await-claim ] && { echo "error: unknown option '--await-claim'" >&2; exit 1; }
      done
      exec '\(simulator)' "$@"
      """, in: directory)
    let harness = ExecutorHarness(cli, directory, pool: Self.pool)
    harness.executor.prepare(for: harness.turn(""))
    harness.scheduler.advance(by: Self.pool.replenishDelay)
    await until { harness.statistics.spawned == 2 && harness.statistics.live == 1 }
    harness.scheduler.advance(by: Self.pool.replenishDelay)
    await nextTurn()
    #expect(harness.statistics == PoolStatistics(live: 1, spare: 1, spawned: 2))
    let first = try await harness.complete("one", options: .with { $0.effort = .low })
    #expect(first.session == ExecutorHarness.session)
    await end(harness)
  }
}
