import EventLoop

/// The time limits of a run: its total time, the silence of the CLI, and the wait for the client. The first two do not
/// count while a slow observer pauses the run or while it is parked.
@Reactor
final class RunClock {
  private enum State {
    /// Not started, or ended.
    case stopped
    case running
    case paused(since: ContinuousClock.Instant)
    case parked(since: ContinuousClock.Instant)
  }

  private let timeouts: RunTimeouts
  private let scheduler: any Scheduler
  private var state = State.stopped
  private var lastActivity: ContinuousClock.Instant
  private var totalDeadline: ContinuousClock.Instant
  private var totalTimer: (any ScheduledTimer)?
  /// For the silence, or while the run is parked for the wait for the client.
  private var waitTimer: (any ScheduledTimer)?
  /// A strong reference to the run, dropped by `stop`, which every run calls: a weak reference would slow down all
  /// accesses (see `ClaudeProcess.owner`).
  private var onTimeout: (@Reactor (ClaudeError) -> Void)?

  init(_ timeouts: RunTimeouts, _ scheduler: any Scheduler) {
    self.timeouts = timeouts
    self.scheduler = scheduler
    lastActivity = scheduler.now
    totalDeadline = scheduler.now + timeouts.total
  }

  var isPaused: Bool { if case .paused = state { true } else { false } }

  /// The run begins, or begins again on another process. Its total time counts from the clock's creation.
  func start(onTimeout: @escaping @Reactor (ClaudeError) -> Void) {
    self.onTimeout = onTimeout
    run()
  }

  /// The CLI has emitted something, or was sent something.
  func noteActivity() { lastActivity = scheduler.now }

  /// An observer is congested, and the CLI's output waits for it.
  ///
  /// - Returns: false if the clock is not running.
  func pause() -> Bool {
    guard case .running = state else { return false }
    state = .paused(since: scheduler.now)
    cancelTimers()
    return true
  }

  /// The client has to answer.
  func park() {
    state = .parked(since: scheduler.now)
    cancelTimers()
    waitTimer = scheduler.schedule(after: timeouts.toolResult) { [self] in
      fail(.inactivityTimeout, "No result of a call came within \(timeouts.toolResult)")
    }
  }

  /// The run continues after `pause` or `park`.
  func resume() {
    switch state {
    case .stopped, .running: return
    case .paused(let since):
      lastActivity += scheduler.now - since
      totalDeadline += scheduler.now - since
    case .parked(let since):
      lastActivity = scheduler.now
      totalDeadline += scheduler.now - since
    }
    run()
  }

  /// The run has ended.
  func stop() {
    state = .stopped
    cancelTimers()
    onTimeout = nil
  }

  private func run() {
    state = .running
    cancelTimers()
    totalTimer = scheduler.schedule(after: totalDeadline - scheduler.now) { [self] in
      fail(.totalTimeout, "Claude Code took longer than \(timeouts.total)")
    }
    armSilenceTimer()
  }

  // Checked when it fires, instead of being rescheduled with every line.
  private func armSilenceTimer() {
    waitTimer?.cancel()
    waitTimer = scheduler.schedule(after: lastActivity + timeouts.inactivity - scheduler.now) { [self] in
      guard scheduler.now >= lastActivity + timeouts.inactivity else { return armSilenceTimer() }
      fail(.inactivityTimeout, "Claude Code was silent for \(timeouts.inactivity)")
    }
  }

  private func fail(_ kind: ClaudeError.Kind, _ message: String) {
    onTimeout?(ClaudeError(kind, message, reachedCLI: true))
  }

  private func cancelTimers() {
    totalTimer?.cancel()
    waitTimer?.cancel()
  }
}
