import EventLoop
import Telemetry

/// Starts processes: a few at a time, and no more than there is room for. Turns wait here; spares do not.
@Reactor
final class ProcessStarter {
  enum Event {
    case exited(ClaudeProcess)
    /// A start has ended, and no waiting turn has taken its place.
    case placeFreed
    /// A spare is up.
    case spareStarted
    /// A turn waits for room, and no process is unused.
    case roomWanted
  }

  let launcher: ProcessLauncher
  private let limits: PoolLimits
  private let registry: ProcessRegistry
  private let gate: StartGate
  private let surroundings: PooledProcess.Surroundings
  private let onEvent: @Reactor (Event) -> Void
  private var isClosed = false

  init(
    _ limits: PoolLimits, _ launcher: ProcessLauncher, _ registry: ProcessRegistry,
    _ surroundings: PooledProcess.Surroundings, parkedRuns: @escaping @Reactor () -> Int,
    onEvent: @escaping @Reactor (Event) -> Void
  ) {
    self.limits = limits
    self.launcher = launcher
    self.registry = registry
    self.surroundings = surroundings
    self.onEvent = onEvent
    gate = StartGate(limits, scheduler: surroundings.scheduler) {
      registry.count
    } summary: {
      registry.summary(parked: parkedRuns())
    }
  }

  /// Turns that wait for a start or for room.
  var waiting: Int { gate.waiting }

  var hasRoom: Bool { gate.hasRoom }

  /// Whether a turn waits for room.
  var isRoomWanted: Bool { gate.isRoomWanted }

  // MARK: For turns

  /// Starts a process for a turn, when there is room and few others are starting.
  ///
  /// - Parameter cancellation: ends the wait.
  /// - Throws: `ClaudeError` if no process can be had.
  func start(
    _ session: Turn.Session, _ fingerprint: Fingerprint, cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    var spent = 0.0
    if case .resume(let id) = session { spent = await launcher.costState(of: id, in: fingerprint.directory) }
    try await gate.enter(cancellation)
    do throws(ClaudeError) {
      try await gate.waitForRoom(cancellation) {
        if let unused = registry.longestUnused { unused.retire() } else { onEvent(.roomWanted) }
      }
      let lease = try await launchInPlaceOfIdle(session, fingerprint, cancellation)
      lease.process.cost = spent
      return lease
    } catch {
      leaveGate()
      // The turn may have been given room that it did not use.
      if gate.hasRoom { gate.offerRoom() }
      throw error
    }
  }

  /// Launches. If the system has no descriptor or process left, unused processes make room.
  private func launchInPlaceOfIdle(
    _ session: Turn.Session, _ fingerprint: Fingerprint, _ cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    while true {
      if isClosed { throw .shuttingDown }
      if cancellation.isCancelled { throw .callerLeft }
      do throws(ClaudeError) {
        let entry = try launch(session, fingerprint, .busy)
        registry.touch(entry)
        return ProcessLease(entry.process)
      } catch {
        guard error.kind == .exhausted, let longestUnused = registry.longestUnused else { throw error }
        longestUnused.retire()
        await longestUnused.exit()
      }
    }
  }

  // MARK: For spares

  /// Starts a spare, unless turns wait for a start or all places are taken.
  ///
  /// - Returns: nil if no place is free.
  /// - Throws: `ClaudeError` if the process cannot be started.
  func startSpare(_ fingerprint: Fingerprint) throws(ClaudeError) -> PooledProcess? {
    guard !isClosed, gate.enterAtOnce() else { return nil }
    do throws(ClaudeError) {
      return try launch(.new(id: launcher.newID()), fingerprint, .spare)
    } catch {
      leaveGate()
      throw error
    }
  }

  // MARK: Starts

  /// Every launch holds one place until the process is up.
  private func launch(
    _ session: Turn.Session, _ fingerprint: Fingerprint, _ state: PooledProcess.State
  ) throws(ClaudeError) -> PooledProcess {
    let process = try launcher.launch(session, fingerprint) { [weak self] process in
      guard let self, let entry = registry[process] else { return }
      endStart(entry)
    } onExit: { [weak self] process in
      self?.onEvent(.exited(process))
    }
    let entry = PooledProcess(process, program: launcher.currentProgram, state: state, surroundings)
    registry.add(entry)
    entry.limitStart(to: limits.start) { [weak self] in self?.endStart(entry) }
    return entry
  }

  private func endStart(_ entry: PooledProcess) {
    guard entry.endStart() else { return }
    leaveGate()
    if entry.state == .spare { onEvent(.spareStarted) }
  }

  private func leaveGate() {
    if gate.leave() { onEvent(.placeFreed) }
  }

  /// A process has exited: its room is free, and its place too if it never came up.
  func processDidExit(_ entry: PooledProcess) {
    gate.offerRoom()
    endStart(entry)
  }

  /// Starts nothing more.
  func close() {
    isClosed = true
    gate.close()
  }
}
