import EventLoop

/// The time limits of a run: all of it, its silences, and the wait for its client. The first two pass only while the run
/// is under way: not while a slow observer pauses it, and not while it is parked.
@Reactor
final class RunClock {
  private enum State {
    /// Not started, or over.
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
  /// For the silence; while the run is parked, for the wait for its client.
  private var waitTimer: (any ScheduledTimer)?
  /// Holds the run until `stop`, which every run calls: a weak reference would slow down every other one (see
  /// `ClaudeProcess.owner`).
  private var onTimeout: (@Reactor (ClaudeError) -> Void)?

  init(_ timeouts: RunTimeouts, _ scheduler: any Scheduler) {
    self.timeouts = timeouts
    self.scheduler = scheduler
    lastActivity = scheduler.now
    totalDeadline = scheduler.now + timeouts.total
  }

  var isPaused: Bool { if case .paused = state { true } else { false } }

  /// The run begins, or begins again on another process: its total time passes since it was made.
  func start(onTimeout: @escaping @Reactor (ClaudeError) -> Void) {
    self.onTimeout = onTimeout
    run()
  }

  /// The CLI has said something, or was given something.
  func noteActivity() { lastActivity = scheduler.now }

  /// An observer is congested: what the CLI says waits for it.
  ///
  /// - Returns: false where no time passes anyway.
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

  // Looked at again when it fires, rather than armed again with every line.
  private func armSilenceTimer() {
    waitTimer?.cancel()
    waitTimer = scheduler.schedule(after: lastActivity + timeouts.inactivity - scheduler.now) { [self] in
      guard scheduler.now >= lastActivity + timeouts.inactivity else { return armSilenceTimer() }
      fail(.inactivityTimeout, "Claude Code said nothing for \(timeouts.inactivity)")
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
