import EventLoop
import Glibc
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// Runs that have their process and have not begun.
@Reactor
@Suite(.timeLimit(.minutes(1)))
struct ProcessLeaseTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private func run(_ stage: ExecutorStage, _ turn: Turn) async throws -> Run {
    try await stage.executor.run(turn, id: "run", cancellation: CancellationSignal(), logger: .silent)
  }

  @Test("what the process says before the run begins is delivered when it does")
  func output() async throws {
    let early = #"{"type":"system","subtype":"early"}"#
    let result = CLILine.result("a")
    let cli = StandInCLI.script(
      "echo '\(early)'; touch '\(directory.path)/said'; read -r _; read -r _; printf '%s\\n' '\(result)'",
      in: directory)
    let stage = ExecutorStage(cli, directory)
    let run = try await run(stage, stage.turn("p"))
    await until { unsafe access("\(directory.path)/said", F_OK) == 0 }
    for _ in 0..<20 { await nextTurn() }
    run.add(recorder)
    #expect(recorder.lines.isEmpty)
    run.start()
    #expect(await recorder.result()?.text == "a")
    #expect(recorder.lines == [early, result])
    await stage.settle()
  }

  @Test("a process that exits before the run begins has failed the run when it does")
  func exit() async throws {
    let stage = ExecutorStage(StandInCLI.script("echo boom >&2; exit 3", in: directory), directory)
    let run = try await run(stage, stage.turn("p"))
    await until { stage.executor.liveProcesses == 0 }
    #expect(run.outcome == nil)
    run.add(recorder)
    run.start()
    let error = try #require(await recorder.failure())
    #expect(error.message.contains("boom"))
    #expect(stage.executor.activeRuns == 0)
  }

  @Test("a run that is cancelled before it begins says so to who comes, and leaves its process to the session")
  func cancelled() async throws {
    let stage = ExecutorStage(try StandInCLI.simulator, directory, pool: .keeping)
    let first = try await stage.complete("one")
    let run = try await run(stage, stage.turn("two", .resume(id: ExecutorStage.session)))
    #expect(stage.executor.run(in: ExecutorStage.session) === run)
    run.cancel()
    run.add(recorder)
    run.start()
    #expect(recorder.outcomes.count == 1)
    #expect(await recorder.failure()?.kind == .cancelled)
    #expect(stage.executor.activeRuns == 0 && stage.statistics.idle == 1 && stage.statistics.killed == 0)
    let third = try await stage.complete("three\nsimulate: recall", .resume(id: ExecutorStage.session))
    #expect(third.pid == first.pid && third.text == "one | three")
    await stage.executor.kill()
  }

  @Test("a new process whose run is cancelled before it begins is not kept")
  func unused() async throws {
    let stage = ExecutorStage(try StandInCLI.simulator, directory, pool: .keeping)
    let run = try await run(stage, stage.turn("one"))
    run.cancel()
    run.start()
    await stage.settle()
    #expect(stage.statistics.idle == 0 && stage.executor.activeRuns == 0)
  }
}
