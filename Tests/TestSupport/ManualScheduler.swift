public import EventLoop

/// Time that a test turns on by hand.
@Reactor
public final class ManualScheduler: Scheduler {
  public private(set) var now = ContinuousClock.now
  private var timers: [ManualTimer] = []
  private var hasEnded = false

  public init() {}

  public func schedule(after delay: Duration, _ action: @escaping @Reactor () -> Void) -> any ScheduledTimer {
    let timer = ManualTimer(deadline: now + delay, action: action)
    if !hasEnded { timers.append(timer) }
    return timer
  }

  /// How long each timer that is still wanted has to wait, the nearest first.
  public var waits: [Duration] { timers.filter { $0.action != nil }.map { $0.deadline - now }.sorted() }

  /// Lets time pass; what falls due on the way is called in order, at its own time.
  public func advance(by duration: Duration) {
    let end = now + duration
    while let timer = takeDue(by: end) {
      now = timer.deadline
      timer.action?()
    }
    now = end
  }

  /// Drops what still waits, and takes nothing more: actions may hold what holds this.
  public func end() {
    hasEnded = true
    timers = []
  }

  private func takeDue(by end: ContinuousClock.Instant) -> ManualTimer? {
    timers.removeAll { $0.action == nil }
    guard let timer = timers.min(by: { $0.deadline < $1.deadline }), timer.deadline <= end else { return nil }
    timers.removeAll { $0 === timer }
    return timer
  }
}

@Reactor
private final class ManualTimer: ScheduledTimer {
  let deadline: ContinuousClock.Instant
  private(set) var action: (@Reactor () -> Void)?

  init(deadline: ContinuousClock.Instant, action: @escaping @Reactor () -> Void) {
    self.deadline = deadline
    self.action = action
  }

  func cancel() { action = nil }
}
