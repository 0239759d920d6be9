import ClaudeCodeTestSupport
import EventLoop
import Glibc
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// Runs that have their process and have not begun.
@Reactor
@Suite(.bounded)
struct ProcessLeaseTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private func run(_ harness: ExecutorHarness, _ turn: Turn) async throws -> Run {
    try await harness.executor.run(turn, id: "run", cancellation: CancellationSignal(), logger: .silent)
  }

  @Test("output before the run starts is delivered when it starts")
  func output() async throws {
    let early = #"{"type":"system","subtype":"early"}"#
    let result = CLILine.result("a")
    let cli = StandInCLI.script(
      "echo '\(early)'; touch '\(directory.path)/said'; read -r _; read -r _; printf '%s\\n' '\(result)'",
      in: directory)
    let harness = ExecutorHarness(cli, directory)
    let run = try await run(harness, harness.turn("p"))
    await until { unsafe access("\(directory.path)/said", F_OK) == 0 }
    for _ in 0..<20 { await nextTurn() }
    run.add(recorder)
    #expect(recorder.lines.isEmpty)
    run.start()
    #expect(await recorder.result()?.text == "a")
    #expect(recorder.lines == [early, result])
    await harness.settle()
  }

  @Test("a process that exits before the run starts fails the run")
  func exit() async throws {
    let harness = ExecutorHarness(StandInCLI.script("echo boom >&2; exit 3", in: directory), directory)
    let run = try await run(harness, harness.turn("p"))
    await until { harness.executor.liveProcesses == 0 }
    #expect(run.outcome == nil)
    run.add(recorder)
    run.start()
    let error = try #require(await recorder.failure())
    #expect(error.message.contains("boom"))
    #expect(harness.executor.activeRuns == 0)
  }

  @Test("a run cancelled before its start reports it and returns its process to the session")
  func cancelled() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory, pool: .keeping)
    let first = try await harness.complete("one")
    let run = try await run(harness, harness.turn("two", .resume(id: ExecutorHarness.session)))
    #expect(harness.executor.run(in: ExecutorHarness.session) === run)
    run.cancel()
    run.add(recorder)
    run.start()
    #expect(recorder.outcomes.count == 1)
    #expect(await recorder.failure()?.kind == .cancelled)
    #expect(harness.executor.activeRuns == 0 && harness.statistics.idle == 1 && harness.statistics.killed == 0)
    let third = try await harness.complete("three\nsimulate: recall", .resume(id: ExecutorHarness.session))
    #expect(third.pid == first.pid && third.text == "one | three")
    await harness.executor.kill()
  }

  @Test("a new process is ended if its run is cancelled before the start")
  func unused() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory, pool: .keeping)
    let run = try await run(harness, harness.turn("one"))
    run.cancel()
    run.start()
    await harness.settle()
    #expect(harness.statistics.idle == 0 && harness.executor.activeRuns == 0)
  }
}
