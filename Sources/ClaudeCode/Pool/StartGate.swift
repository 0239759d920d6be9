import EventLoop

/// How many processes start at once, and how many there may be: turns wait here, spares do not.
@Reactor
final class StartGate {
  private let limits: PoolLimits
  /// Starts that are under way.
  private var starting = 0
  private var startLine: WaitQueue
  private var roomLine: WaitQueue
  /// How many processes there are.
  private let count: @Reactor () -> Int

  /// - Parameter count: how many processes there are.
  init(_ limits: PoolLimits, scheduler: any Scheduler, count: @escaping @Reactor () -> Int) {
    self.limits = limits
    self.count = count
    startLine = WaitQueue(scheduler)
    roomLine = WaitQueue(scheduler)
  }

  /// Turns that wait for a place to start in, or for room.
  var waiting: Int { startLine.count + roomLine.count }

  var hasRoom: Bool { count() < limits.processes }

  /// Whether a turn waits for room.
  var isRoomWanted: Bool { roomLine.count > 0 }

  /// Waits for a place to start in; `leave` gives it back.
  ///
  /// - Throws: `overloaded` after the queue's timeout, and what ends the wait.
  func enter(_ cancellation: CancellationSignal) async throws(ClaudeError) {
    guard !enterAtOnce() else { return }
    try await WaitQueue.wait(timeout: limits.timeout, cancellation: cancellation, late: tooBusy) {
      enterAtOnce() ? nil : startLine
    }
  }

  /// Takes a place if there is one that no turn waits for.
  func enterAtOnce() -> Bool {
    guard starting < limits.starts, startLine.count == 0 else { return false }
    starting += 1
    return true
  }

  /// A start is over.
  ///
  /// - Returns: whether its place is free: no turn has taken it.
  func leave() -> Bool {
    if startLine.admitNext() { return false }
    starting -= 1
    return true
  }

  /// Waits until there is room for one more process.
  ///
  /// - Parameter makeRoom: sends a process that can be spared on its way down.
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

  /// A process is gone, or its room was not taken.
  func offerRoom() { roomLine.admitNext() }

  /// Nothing more is started.
  func close() {
    startLine.dismissAll(.shuttingDown)
    roomLine.dismissAll(.shuttingDown)
  }

  private var tooBusy: ClaudeError {
    ClaudeError(.overloaded, "No process became free within \(limits.timeout) (\(count()) run)", reachedCLI: false)
  }
}
