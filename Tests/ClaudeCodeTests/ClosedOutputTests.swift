import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

/// A CLI that closes its standard output and does not exit.
@Reactor
@Suite(.bounded)
struct ClosedOutputTests {
  private static let lost = ClaudeError(.lost, "Claude Code closed its output without a result", reachedCLI: true)

  /// Ends its output when it has been given its turn; SIGTERM ends it.
  private static let script = "read -r _; read -r _; echo '\(CLILine.initLine)'; exec >&-; exec sleep 600"

  /// The kill timeout differs from all other waits, so that a test can tell what is waited for.
  private static let timeouts = RunTimeouts(total: .seconds(100), inactivity: .seconds(30), kill: .seconds(7))

  private func harness(
    _ script: String, _ directory: TemporaryDirectory, pool: PoolLimits = PoolLimits.withoutReuse
  ) -> ExecutorHarness {
    ExecutorHarness(StandInCLI.script(script, in: directory), directory, timeouts: Self.timeouts, pool: pool)
  }

  /// Returns when the output's end is known.
  private func closed(_ harness: ExecutorHarness) async {
    await until { harness.scheduler.waits.contains(Self.timeouts.kill) }
  }

  @Test("a run is lost if its process closes the output and does not exit within the kill timeout")
  func lost() async throws {
    let limit = Self.timeouts.kill
    let outcomes = try await LimitTable.row("exit after the end of output", limit) { offset in
      let directory = TemporaryDirectory()
      let recorder = RunRecorder()
      let harness = harness(Self.script, directory)
      _ = try await harness.run(harness.turn("p"), recorder)
      await closed(harness)
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let isOver = !recorder.outcomes.isEmpty
      harness.scheduler.advance(by: .milliseconds(1))
      #expect(await recorder.failure() == Self.lost)
      #expect(harness.statistics.killed == 1)
      await harness.executor.kill()
      #expect(harness.scheduler.waits.isEmpty)
      return isOver ? "lost" : "waits"
    }
    #expect(outcomes == ["waits", "lost", "lost"])
  }

  @Test("an exit within the timeout decides the outcome")
  func exit() async throws {
    let directory = TemporaryDirectory()
    let recorder = RunRecorder()
    let pipe = "\(directory.path)/go"
    let harness = harness(
      "mkfifo '\(pipe)'; read -r _; read -r _; echo '\(CLILine.initLine)'; exec >&-; read -r _ <'\(pipe)'; exit 3",
      directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    await closed(harness)
    directory.write("\n", to: "go")
    #expect(
      await recorder.failure()
        == ClaudeError(.lost, "Claude Code ended without a result (exit status 3)", reachedCLI: true))
    await until { harness.executor.liveProcesses == 0 }
    #expect(harness.scheduler.waits.isEmpty)
  }

  @Test("a result before the end of output counts even if the process stays")
  func result() async throws {
    let directory = TemporaryDirectory()
    let recorder = RunRecorder()
    let harness = harness(
      "read -r _; read -r _; echo '\(CLILine.initLine)'; echo '\(CLILine.result("a"))'; exec >&-; exec sleep 600",
      directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    #expect(await recorder.result()?.text == "a")
    await harness.executor.kill()
    #expect(recorder.outcomes.count == 1)
  }

  @Test("a spare with closed output fails the turn it is given")
  func spare() async throws {
    let directory = TemporaryDirectory()
    let recorder = RunRecorder()
    let harness = harness(
      "read -r _; echo '{\"type\":\"control_response\"}'; exec >&-; exec sleep 600", directory, pool: PoolLimits())
    let pid = try await harness.startSpare()
    await nextTurn()
    let run = try await harness.run(harness.turn("p"), recorder)
    #expect(run.pid == pid)
    await closed(harness)
    harness.scheduler.advance(by: Self.timeouts.kill)
    #expect(await recorder.failure() == Self.lost)
    await harness.executor.kill()
  }
}
