import ClaudeCodeTestSupport
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// An executor on a clock that the test turns, with one program for a CLI.
@Reactor
final class ExecutorHarness {
  let scheduler = ManualScheduler()
  let executor: ClaudeExecutor
  let directory: TemporaryDirectory
  private var ids = 0

  /// Differing numbers, so that a test can tell what it waited for.
  nonisolated static let timeouts = RunTimeouts(
    total: .seconds(100), inactivity: .seconds(30), kill: .seconds(5), emptyResult: .seconds(2))

  init(
    _ cli: String, _ directory: TemporaryDirectory, timeouts: RunTimeouts = ExecutorHarness.timeouts,
    pool: PoolLimits = .withoutReuse, turns: TurnGate.Limits = TurnGate.Limits(),
    availableMemory: @escaping @Sendable () -> Int? = { nil }, logger: Logger = .silent
  ) {
    self.directory = directory
    var configuration = ClaudeExecutor.Configuration.test(cli, timeouts: timeouts, pool: pool, turns: turns)
    configuration.environment = .test(home: directory.path, ["IS_SANDBOX": "1"])
    configuration.availableMemory = availableMemory
    executor = ClaudeExecutor(configuration, scheduler: scheduler, logger: logger, newID: UniqueIDs.next)
  }

  func turn(
    _ prompt: String, _ session: Turn.Session = .new(id: ExecutorHarness.session), options: TurnOptions = TurnOptions()
  ) -> Turn {
    Turn(prompt: prompt, session: session, directory: directory.path, options: options)
  }

  nonisolated static let session = "11111111-2222-4333-8444-555555555555"

  /// - Parameter onTake: called when the turn has its process and has not begun.
  func run(
    _ turn: Turn, _ observer: any RunObserver, cancellation: CancellationSignal = CancellationSignal(),
    onTake: (@Reactor () -> Void)? = nil
  ) async throws(ClaudeError) -> Run {
    ids += 1
    let run = try await executor.run(turn, id: "run-\(ids)", cancellation: cancellation, logger: .silent)
    onTake?()
    run.add(observer)
    run.start()
    return run
  }

  /// Why a turn is not started; nil if it is.
  func refusal(of turn: Turn, cancellation: CancellationSignal = CancellationSignal()) async -> ClaudeError? {
    do throws(ClaudeError) {
      _ = try await run(turn, RunRecorder(), cancellation: cancellation)
      return nil
    } catch {
      return error
    }
  }

  /// Returns when no process is left, the ladder's pauses passing at once.
  func settle() async {
    await until {
      if let wait = self.scheduler.waits.first, wait <= ExecutorHarness.timeouts.kill {
        self.scheduler.advance(by: wait)
      }
      return self.executor.liveProcesses == 0
    }
  }
}

extension ClaudeExecutor {
  /// Goes on with a run that one observer hears.
  func resume(
    _ run: Run, _ results: [String: FunctionResult], content: [ContentBlock] = [], observer: any RunObserver
  ) throws {
    try claim(run)
    run.add(observer)
    run.resume(results, content)
  }
}
