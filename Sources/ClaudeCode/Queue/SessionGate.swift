public import EventLoop

/// Admits one turn at a time to a session; the others wait in order. Two processes on one session would both succeed
/// and silently fork its transcript.
@Reactor
public final class SessionGate {
  public struct Limits: Sendable, Equatable {
    /// How many turns may wait for one session. More are refused.
    public var waiting = 32
    /// How long a turn may wait.
    public var timeout: Duration = .seconds(3600)

    public init() {}
  }

  private let limits: Limits
  private let scheduler: any Scheduler
  /// The waiting turns of each session that has a turn under way.
  private var lines: [String: WaitQueue] = [:]

  public init(limits: Limits = Limits(), scheduler: any Scheduler = Loop.main) {
    self.limits = limits
    self.scheduler = scheduler
  }

  public var waitingCount: Int { lines.values.reduce(0) { $0 + $1.count } }

  /// Waits for the session's other turns. Each success must be followed by one `leave`.
  ///
  /// - Throws: `sessionBusy` at the limits, `cancelled` after a cancellation.
  public func enter(_ session: String, cancellation: CancellationSignal) async throws(ClaudeError) {
    guard let line = lines[session] else { return occupy(session) }
    guard line.count < limits.waiting else {
      throw ClaudeError(
        .sessionBusy, "\(line.count) turns are waiting for session \(session) already", reachedCLI: false)
    }
    try await WaitQueue.wait(timeout: limits.timeout, cancellation: cancellation) {
      ClaudeError(.sessionBusy, "The session was busy for too long", reachedCLI: false)
    } in: {
      if lines[session] == nil {
        occupy(session)
        return nil
      }
      return lines[session]
    }
  }

  /// Refuses all turns that wait for the session.
  func dismissWaiting(_ session: String, _ error: ClaudeError) { lines[session]?.dismissAll(error) }

  /// Takes a session that no other client knows yet.
  func occupy(_ session: String) { lines[session] = WaitQueue(scheduler) }

  /// The turn has ended, and its process is idle or gone: the next turn may enter.
  public func leave(_ session: String) {
    guard let line = lines[session], !line.admitNext() else { return }
    lines[session] = nil
  }
}
