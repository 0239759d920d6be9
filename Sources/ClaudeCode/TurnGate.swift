public import EventLoop

/// Lets so many turns run at the same time; the others wait in order, and beyond so many are refused.
@Reactor
public final class TurnGate {
  public struct Limits: Sendable, Equatable {
    /// Turns that run at the same time (`CLAUDE_MAX_CONCURRENT`).
    public var running: Int
    /// Turns that may wait (`CLAUDE_MAX_QUEUE`). More are refused.
    public var waiting: Int
    /// How long one may wait (`CLAUDE_QUEUE_TIMEOUT_MS`).
    public var patience: Duration

    public init(running: Int = 16, waiting: Int = 100, patience: Duration = .seconds(8)) {
      self.running = running
      self.waiting = waiting
      self.patience = patience
    }
  }

  private let limits: Limits
  private let line: WaitingLine
  /// Turns that were let in and have not left.
  public private(set) var running = 0

  public init(_ limits: Limits, scheduler: any Scheduler = Loop.main) {
    self.limits = limits
    line = WaitingLine(scheduler)
  }

  public var waiting: Int { line.count }

  /// Waits for a free slot. Each success must be followed by one `leave`.
  ///
  /// - Throws: `overloaded` at the limits, `cancelled` when `departure` says so first.
  public func enter(departure: CancellationSignal) async throws(ClaudeError) {
    if takeFree() { return }
    guard line.count < limits.waiting else {
      throw overloaded("\(limits.running) turns run and \(line.count) wait already")
    }
    let late = overloaded("no turn ended within \(limits.patience)")
    try await WaitingLine.wait(patience: limits.patience, departure: departure, late: late) {
      takeFree() ? nil : line
    }
  }

  // Whoever comes must not pass those who wait.
  private func takeFree() -> Bool {
    guard running < limits.running, line.count == 0 else { return false }
    running += 1
    return true
  }

  /// Takes a slot though there may be none: for a turn that was let in before and goes on.
  func occupy() { running += 1 }

  /// The turn is over: its slot goes to the next one.
  public func leave() {
    if running > limits.running || !line.admitNext() { running -= 1 }
  }

  private func overloaded(_ reason: String) -> ClaudeError {
    ClaudeError(.overloaded, "The server is at its limit: \(reason)", reachedCLI: false)
  }
}
