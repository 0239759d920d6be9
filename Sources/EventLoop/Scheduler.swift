/// Time for code on the loop. The loop implements it; tests use a clock of their own.
@Reactor
public protocol Scheduler: AnyObject {
  /// The time at which the loop woke up.
  var now: ContinuousClock.Instant { get }

  /// Calls `action` once, `delay` from now, unless the timer is cancelled before.
  func schedule(after delay: Duration, _ action: @escaping @Reactor () -> Void) -> any ScheduledTimer
}

@Reactor
public protocol ScheduledTimer: AnyObject {
  /// Prevents the call of the action. Harmless afterwards.
  func cancel()
}
