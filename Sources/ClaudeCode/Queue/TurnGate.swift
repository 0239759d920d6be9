public import EventLoop

/// Limits how many turns run at the same time and how many wait.
///
/// Principals share the slots fairly. A free slot goes to the waiting principal with the fewest running turns, and
/// among equals to the one admitted longest ago. When the queue is full, a principal with fewer waiting turns displaces
/// the newest turn of the one with the most. Reserved slots are left free by a principal that holds all others; without
/// them a principal that is alone may use everything.
@Reactor
public final class TurnGate {
  public struct Limits: Sendable, Equatable {
    /// How many turns run at the same time (`CLAUDE_MAX_CONCURRENT`).
    public var running: Int
    /// How many of these slots one principal alone must leave to others.
    public var reserved: Int
    /// How many turns may wait (`CLAUDE_MAX_QUEUE`). More are refused.
    public var waiting: Int
    /// How long a turn may wait (`CLAUDE_QUEUE_TIMEOUT_MS`).
    public var timeout: Duration

    public init(running: Int = 16, reserved: Int = 0, waiting: Int = 100, timeout: Duration = .seconds(8)) {
      self.running = running
      self.reserved = reserved
      self.waiting = waiting
      self.timeout = timeout
    }
  }

  private let limits: Limits
  private let line: WaitQueue
  /// Turns that were admitted and have not left.
  public private(set) var running = 0
  /// The same by principal.
  private var runningOf: [String: Int] = [:]
  /// When each principal's latest turn was admitted, as a number in the order of all.
  private var lastEntry: [String: Int] = [:]
  private var entries = 0

  public init(_ limits: Limits, scheduler: any Scheduler = Loop.main) {
    self.limits = limits
    line = WaitQueue(scheduler)
  }

  public var waiting: Int { line.count }

  /// Waits for a free slot. Each success must be followed by one `leave`.
  ///
  /// - Parameter principal: the principal's id.
  /// - Throws: `overloaded` at the limits, `cancelled` after a cancellation.
  public func enter(_ principal: String = "", cancellation: CancellationSignal) async throws(ClaudeError) {
    if takeFree(principal) { return }
    guard line.count < limits.waiting || displaceNewest(for: principal) else { throw full }
    try await WaitQueue.wait(timeout: limits.timeout, cancellation: cancellation, owner: principal) {
      self.overloaded("no turn ended within \(self.limits.timeout)")
    } in: {
      takeFree(principal) ? nil : line
    }
  }

  private var full: ClaudeError { overloaded("\(limits.running) turns are running and \(line.count) are waiting") }

  private func takeFree(_ principal: String) -> Bool {
    // A newcomer must not overtake those that wait, except for a reserved slot.
    guard running < limits.running, hasShare(principal), !line.counts.keys.contains(where: hasShare) else {
      return false
    }
    occupy(principal)
    return true
  }

  /// Whether the principal may have one more slot.
  private func hasShare(_ principal: String) -> Bool {
    runningOf[principal, default: 0] < limits.running - limits.reserved
  }

  /// Refuses the newest waiting turn of the principal that has the most, if it has more than the newcomer would have.
  private func displaceNewest(for principal: String) -> Bool {
    let counts = line.counts
    guard let (owner, most) = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
      most > counts[principal, default: 0] + 1
    else { return false }
    line.dismissNewest(of: owner, full)
    return true
  }

  /// Takes a slot even if none is free: for a parked run that resumes.
  func occupy(_ principal: String = "") {
    running += 1
    runningOf[principal, default: 0] += 1
    entries += 1
    lastEntry[principal] = entries
  }

  /// The turn has ended: its slot goes to the next one.
  public func leave(_ principal: String = "") {
    running -= 1
    let rest = runningOf[principal, default: 0] - 1
    runningOf[principal] = rest > 0 ? rest : nil
    guard running < limits.running, let next = line.admitNext(where: hasShare, by: rank) else { return }
    occupy(next)
  }

  private func rank(_ principal: String) -> (Int, Int) {
    (runningOf[principal, default: 0], lastEntry[principal, default: 0])
  }

  private func overloaded(_ reason: String) -> ClaudeError {
    ClaudeError(.overloaded, "The server is at its limit: \(reason)", reachedCLI: false)
  }
}
