public import EventLoop

/// Lets one turn at a time into a session; the others wait in order. Two processes on one session would both succeed
/// and silently fork its transcript.
@Reactor
public final class SessionGate {
  public struct Limits: Sendable, Equatable {
    /// Turns that may wait for one session. More are refused.
    public var waiting = 32
    /// How long one may wait.
    public var patience: Duration = .seconds(3600)

    public init() {}
  }

  @Reactor
  private final class Waiter {
    private let departure: CancellationSignal
    private let resume: @Reactor (Result<Void, ClaudeError>) -> Void
    var timer: (any ScheduledTimer)?
    var token = -1

    init(_ departure: CancellationSignal, _ resume: @escaping @Reactor (Result<Void, ClaudeError>) -> Void) {
      self.departure = departure
      self.resume = resume
    }

    func admit(_ outcome: Result<Void, ClaudeError>) {
      timer?.cancel()
      departure.forget(token)
      resume(outcome)
    }
  }

  private let limits: Limits
  private let scheduler: any Scheduler
  /// A session with a key here has a turn under way.
  private var waiters: [String: [Waiter]] = [:]

  public init(limits: Limits = Limits(), scheduler: any Scheduler = Loop.main) {
    self.limits = limits
    self.scheduler = scheduler
  }

  public var waitingCount: Int { waiters.values.reduce(0) { $0 + $1.count } }

  /// Waits for the session's other turns. Each success must be followed by one `leave`.
  ///
  /// - Throws: `sessionBusy` at the limits, `cancelled` when `departure` says so first.
  public func enter(_ session: String, departure: CancellationSignal) async throws(ClaudeError) {
    guard let queue = waiters[session] else {
      waiters[session] = []
      return
    }
    guard queue.count < limits.waiting else {
      throw ClaudeError(
        .sessionBusy, "\(queue.count) turns wait for session \(session) already", reachedCLI: false)
    }
    let outcome: Result<Void, ClaudeError> = await withCheckedContinuation { continuation in
      enqueue(session, departure) { continuation.resume(returning: $0) }
    }
    try outcome.get()
  }

  private func enqueue(
    _ session: String, _ departure: CancellationSignal, _ resume: @escaping @Reactor (Result<Void, ClaudeError>) -> Void
  ) {
    // The turn that was waited for may have ended before the continuation existed.
    guard waiters[session] != nil else {
      waiters[session] = []
      return resume(.success(()))
    }
    let waiter = Waiter(departure, resume)
    waiters[session]?.append(waiter)
    waiter.timer = scheduler.schedule(after: limits.patience) { [weak self] in
      self?.dismiss(
        waiter, from: session,
        ClaudeError(.sessionBusy, "The session's turn took too long to wait for", reachedCLI: false))
    }
    waiter.token = departure.whenCancelled { [weak self] in
      self?.dismiss(waiter, from: session, ClaudeError(.cancelled, "The client left", reachedCLI: false))
    }
  }

  private func dismiss(_ waiter: Waiter, from session: String, _ error: ClaudeError) {
    guard let index = waiters[session]?.firstIndex(where: { $0 === waiter }) else { return }
    waiters[session]?.remove(at: index).admit(.failure(error))
  }

  /// The turn is over and its process gone: the next one may go in.
  public func leave(_ session: String) {
    guard let queue = waiters[session] else { return }
    if queue.isEmpty {
      waiters[session] = nil
    } else {
      waiters[session]?.removeFirst().admit(.success(()))
    }
  }
}
