import ClaudeCode
import EventLoop
import TestSupport

/// Runs that are ended when the test is over: one that goes on holds its timers, and they hold it.
@Reactor
final class RunsOfATest {
  nonisolated let scheduler: ManualScheduler
  private var runs: [Run] = []

  init() { scheduler = ManualScheduler() }

  func keep(_ run: Run) -> Run {
    runs.append(run)
    return run
  }

  isolated deinit {
    for run in runs { run.cancel() }
    scheduler.end()
  }
}
