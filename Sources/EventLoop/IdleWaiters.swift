/// Lets callers wait until something has nothing more to do, each for as long as its timeout lasts.
@Reactor
public final class IdleWaiters {
  private let scheduler: any Scheduler
  private var waiting: [Int: @Reactor () -> Void] = [:]
  private var waits = 0

  public init(_ scheduler: any Scheduler) { self.scheduler = scheduler }

  /// Returns when `begin` is called or `timeout` is over, whatever is first; at once if there is nothing to wait for.
  public func wait(within timeout: Duration, unless isIdle: @Reactor () -> Bool) async {
    await withCheckedContinuation { continuation in
      // Looked at in here: entering the wait may have let the loop turn.
      guard !isIdle() else { return continuation.resume() }
      waits += 1
      let wait = waits
      let timer = scheduler.schedule(after: timeout) { [self] in end(wait) }
      waiting[wait] = {
        timer.cancel()
        continuation.resume()
      }
    }
  }

  /// There is nothing more to do: all who wait go on.
  public func begin() {
    for wait in waiting.keys.sorted() { end(wait) }
  }

  private func end(_ wait: Int) { waiting.removeValue(forKey: wait)?() }
}
