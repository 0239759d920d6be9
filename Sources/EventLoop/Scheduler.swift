/// Time for code on the loop: what the loop offers, and what a test replaces by a clock it turns itself.
@Reactor
public protocol Scheduler: AnyObject {
  /// The time at which the loop woke up.
  var now: ContinuousClock.Instant { get }

  /// Calls `action` once, `delay` from now, unless the timer is cancelled before.
  func schedule(after delay: Duration, _ action: @escaping @Reactor () -> Void) -> any ScheduledTimer
}

@Reactor
public protocol ScheduledTimer: AnyObject {
  /// The action will not be called. Harmless afterwards.
  func cancel()
}
