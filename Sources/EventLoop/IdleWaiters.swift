/// Lets callers wait until something is idle, each with a timeout.
@Reactor
public final class IdleWaiters {
  private let scheduler: any Scheduler
  private var waiting: [Int: @Reactor () -> Void] = [:]
  private var waits = 0

  public init(_ scheduler: any Scheduler) { self.scheduler = scheduler }

  /// Returns when `begin` is called or `timeout` is over, whichever is first; at once if it is idle already.
  public func wait(within timeout: Duration, unless isIdle: @Reactor () -> Bool) async {
    await withCheckedContinuation { continuation in
      // Checked in here: the loop may have turned before the wait began.
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

  /// It is idle: resumes all that wait.
  public func begin() {
    for wait in waiting.keys.sorted() { end(wait) }
  }

  private func end(_ wait: Int) { waiting.removeValue(forKey: wait)?() }
}
