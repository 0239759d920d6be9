import ClaudeCode
import EventLoop

/// Ends runs when the test is over: one that goes on holds its timers, and they hold it.
@Reactor
final class RunsOfATest {
  private var runs: [Run] = []

  nonisolated init() {}

  func keep(_ run: Run) -> Run {
    runs.append(run)
    return run
  }

  isolated deinit {
    for run in runs { run.cancel() }
  }
}
