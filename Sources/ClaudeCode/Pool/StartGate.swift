import EventLoop

/// Limits how many processes start at the same time, and how many there are. Turns wait here; spares do not.
@Reactor
final class StartGate {
  private let limits: PoolLimits
  /// Starts under way.
  private var starting = 0
  private var startLine: WaitQueue
  private var roomLine: WaitQueue
  /// The number of processes.
  private let count: @Reactor () -> Int
  /// What the processes are doing.
  private let summary: @Reactor () -> String

  /// - Parameters:
  ///   - count: returns the number of processes.
  ///   - summary: returns what they are doing, for the error of a turn that waited too long.
  init(
    _ limits: PoolLimits, scheduler: any Scheduler, count: @escaping @Reactor () -> Int,
    summary: @escaping @Reactor () -> String
  ) {
    self.limits = limits
    self.count = count
    self.summary = summary
    startLine = WaitQueue(scheduler)
    roomLine = WaitQueue(scheduler)
  }

  /// Turns that wait for a start or for room.
  var waiting: Int { startLine.count + roomLine.count }

  var hasRoom: Bool { count() < limits.processes }

  /// Whether a turn waits for room.
  var isRoomWanted: Bool { roomLine.count > 0 }

  /// Waits for a place to start in; `leave` gives it back.
  ///
  /// - Throws: `overloaded` after the queue's timeout, `cancelled` after a cancellation.
  func enter(_ cancellation: CancellationSignal) async throws(ClaudeError) {
    guard !enterAtOnce() else { return }
    try await WaitQueue.wait(timeout: limits.timeout, cancellation: cancellation, late: tooBusy) {
      enterAtOnce() ? nil : startLine
    }
  }

  /// Takes a place that no turn waits for, if there is one.
  func enterAtOnce() -> Bool {
    guard starting < limits.starts, startLine.count == 0 else { return false }
    starting += 1
    return true
  }

  /// A start has ended.
  ///
  /// - Returns: whether its place is free: no waiting turn has taken it.
  func leave() -> Bool {
    if startLine.admitNext() { return false }
    starting -= 1
    return true
  }

  /// Waits until there is room for one more process.
  ///
  /// - Parameter makeRoom: ends a process that no turn uses.
  /// - Throws: as `enter`.
  func waitForRoom(
    _ cancellation: CancellationSignal, _ makeRoom: @Reactor () -> Void
  ) async throws(ClaudeError) {
    while !hasRoom {
      makeRoom()
      try await WaitQueue.wait(timeout: limits.timeout, cancellation: cancellation, late: tooBusy) {
        hasRoom ? nil : roomLine
      }
    }
  }

  /// A process has exited, or its room was not taken.
  func offerRoom() { roomLine.admitNext() }

  /// Refuses all waiting turns.
  func close() {
    startLine.dismissAll(.shuttingDown)
    roomLine.dismissAll(.shuttingDown)
  }

  private func tooBusy() -> ClaudeError {
    ClaudeError(.overloaded, "No process became free within \(limits.timeout): \(summary())", reachedCLI: false)
  }
}
