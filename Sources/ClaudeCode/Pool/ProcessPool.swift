import Bytes
import EventLoop
import Telemetry

/// What uses the processes.
@Reactor
protocol ProcessPoolDelegate: AnyObject {
  /// Runs that hold a process while they wait for their client.
  var parkedRuns: Int { get }
  /// A turn waits for room, and every process is in use. The delegate may end a run.
  func poolNeedsRoom()
}

/// The CLI processes: spares, processes kept for their session's next turn, and busy ones.
@Reactor
final class ProcessPool {
  /// How a turn left its process.
  enum Ending: Equatable {
    /// With a result: fit for the next turn.
    case complete
    /// In the middle: it has to be interrupted.
    case interrupted
    /// The turn was never given to it.
    case unused
    /// Unusable, or unable to stop otherwise.
    case broken([ChildTeardown.Step])
  }

  let launcher: ProcessLauncher
  private let limits: PoolLimits
  private let surroundings: PooledProcess.Surroundings
  private let registry = ProcessRegistry()
  private lazy var starter = ProcessStarter(limits, launcher, registry, surroundings) { [weak self] in
    self?.delegate?.parkedRuns ?? 0
  } onEvent: { [weak self] in
    self?.receive($0)
  }
  private lazy var spares = SpareKeeper(limits, registry, starter, relief, surroundings)
  private let relief: MemoryRelief
  private var isClosed = false
  weak var delegate: (any ProcessPoolDelegate)?

  /// - Parameters:
  ///   - kill: for each step of a teardown.
  ///   - availableMemory: bytes that programs can still take; nil where that is unknown.
  init(
    _ limits: PoolLimits, launcher: ProcessLauncher, kill: Duration, scheduler: any Scheduler, logger: Logger,
    availableMemory: @escaping @Sendable () -> Int?
  ) {
    self.limits = limits
    self.launcher = launcher
    surroundings = PooledProcess.Surroundings(kill: kill, scheduler: scheduler, logger: logger)
    relief = MemoryRelief(limits, registry, surroundings, available: availableMemory)
  }

  /// Turns that wait for a start or for room.
  var waiting: Int { starter.waiting }
  /// Whether a turn waits for room.
  var isRoomWanted: Bool { starter.isRoomWanted }

  var statistics: PoolStatistics {
    var statistics = registry.statistics
    statistics.isResting = spares.isResting
    return statistics
  }

  func state(of session: String) -> SessionState {
    switch registry.entry(of: session)?.state {
    case .busy: .running
    case .idle: .idle
    case .spare, .leaving, nil: .stored
    }
  }

  /// A fingerprint is in use: from now on spares are kept for it.
  func learn(_ fingerprint: Fingerprint) { spares.learn(fingerprint) }

  // MARK: Leasing

  /// Finds a process for `turn`: its session's own, a spare, or a new one.
  ///
  /// - Parameter cancellation: ends the wait for a new one.
  /// - Returns: the process, which is busy until `giveBack`.
  /// - Throws: `ClaudeError` if no process can be had.
  func lease(
    _ turn: Turn, as requested: Fingerprint, cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    switch turn.session {
    case .resume(let id):
      if let entry = registry.entry(of: id) {
        if entry.state == .idle, entry.process.canServe(requested, Initialization(turn)), isCurrent(entry),
          await ownsTranscript(entry), entry.state == .idle
        {
          return claim(entry)
        }
        // Two processes on one session would fork its transcript.
        await end(id)
      }
    case .new:
      if requested.allowsFurtherTurns { learn(requested) }
      if let entry = spare(for: requested) { return claim(entry) }
      if let lease = await claimUniversal(for: turn, requested) { return lease }
    case .imported: break
    }
    return try await start(turn.session, requested, cancellation: cancellation)
  }

  /// Starts a process for a turn, when there is room and few others are starting.
  ///
  /// - Parameters: as for `lease`.
  func start(
    _ session: Turn.Session, _ fingerprint: Fingerprint, cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    try await starter.start(session, fingerprint, cancellation: cancellation)
  }

  private func spare(for requested: Fingerprint) -> PooledProcess? {
    let fitting = registry.spares {
      $0.canServe(requested) && $0.bypassesPermissions == requested.bypassesPermissions
    }
    for stale in fitting where !isCurrent(stale) { stale.retire() }
    return fitting.filter { $0.state == .spare }.min {
      (rank($0, requested), $0.lastUse) < (rank($1, requested), $1.lastUse)
    }
  }

  /// Binds a universal spare to the turn.
  ///
  /// - Returns: nil if there is none, or if it is unfit; it is ended then.
  private func claimUniversal(for turn: Turn, _ requested: Fingerprint) async -> ProcessLease? {
    guard let universal = requested.claimable else { return nil }
    let fitting = registry.spares { $0 == universal }
    for stale in fitting where !isCurrent(stale) { stale.retire() }
    // One that is still starting is up before a new one would be.
    guard
      let entry = fitting.filter({ $0.state == .spare })
        .min(by: { (rank($0, universal), $0.lastUse) < (rank($1, universal), $1.lastUse) })
    else { return nil }
    entry.claim()
    registry.touch(entry)
    let timeout = entry.process.isReady ? limits.claim : limits.start + limits.claim
    do throws(SpareClaim.Failure) {
      let claim = SpareClaim(entry.process, for: requested, surroundings.scheduler)
      try await claim.run(Initialization(turn), timeout: timeout)
      guard entry.state == .busy else { return nil }
      registry.counts.reused += 1
      return ProcessLease(entry.process)
    } catch {
      surroundings.logger.debug("a spare could not be claimed", ["reason": .string("\(error)")])
      entry.retire()
      return nil
    }
  }

  /// The lower, the sooner the process answers.
  private func rank(_ entry: PooledProcess, _ requested: Fingerprint) -> Int {
    (entry.process.isReady ? 0 : 2) + (entry.process.fingerprint == requested ? 0 : 1)
  }

  private func claim(_ entry: PooledProcess) -> ProcessLease {
    entry.claim()
    registry.counts.reused += 1
    registry.touch(entry)
    return ProcessLease(entry.process)
  }

  private func isCurrent(_ entry: PooledProcess) -> Bool { entry.program == launcher.currentProgram }

  /// Whether no other client, such as a CLI in a terminal, has appended to the session since the process became idle.
  private func ownsTranscript(_ entry: PooledProcess) async -> Bool {
    guard let mark = entry.mark, !mark.isCurrent else { return true }
    if await mark.hasNoNewMessages() { return true }
    surroundings.logger.info("a session was continued elsewhere", ["session": .string(entry.process.sessionID)])
    return false
  }

  // MARK: Giving back

  /// A turn has ended.
  ///
  /// - Parameter onFree: called when the session can take its next turn.
  func giveBack(_ process: ClaudeProcess, _ ending: Ending, onFree: @escaping @Reactor () -> Void) {
    guard let entry = registry[process] else { return onFree() }
    let prompt = [ChildTeardown.Step].prompt(timeout: surroundings.kill)
    process.owner = nil
    process.resumeOutput()
    switch ending {
    case .complete:
      spares.noteSuccess()
      keep(entry, onFree)
    case .interrupted where process.isReady && !isClosed:
      _ = Interruption(process, timeout: limits.interrupt, surroundings.scheduler) { [self] isFit in
        // The CLI has ended its turn; a tool that ignores signals may not have.
        isFit && !process.hasLeftovers ? keep(entry, onFree) : kill(entry, prompt, onFree)
      }
    case .interrupted: kill(entry, prompt, onFree)
    case .unused where process.turns > 0: keep(entry, onFree)
    case .unused:
      entry.retire()
      entry.whenGone(onFree)
    // It ended by itself and was not killed. `processDidExit` finds out whether it was up.
    case .broken([]): entry.whenGone(onFree)
    case .broken(let steps): kill(entry, steps, onFree)
    }
  }

  /// Gives back a process whose turn never began.
  func giveBackUnused(_ lease: ProcessLease) {
    giveBack(lease.process, .unused) {}
  }

  private func keep(_ entry: PooledProcess, _ onFree: @escaping @Reactor () -> Void) {
    guard entry.state == .busy else { return entry.whenGone(onFree) }
    guard !isClosed, limits.sessionIdle > .zero, limits.idle > 0, entry.process.fingerprint.allowsFurtherTurns else {
      entry.retire()
      return entry.whenGone(onFree)
    }
    registry.touch(entry)
    // Later turns do not move the transcript.
    let location = entry.mark?.location ?? launcher.transcript(of: entry.process)
    entry.mark = location.map(TranscriptMark.init)
    entry.rest(as: .idle, for: limits.sessionIdle)
    if registry.idleCount > limits.idle { registry.longestIdle?.retire() }
    relief.watch()
    onFree()
    if starter.isRoomWanted, entry.state == .idle { entry.retire() }
  }

  private func kill(_ entry: PooledProcess, _ steps: [ChildTeardown.Step], _ onFree: @escaping @Reactor () -> Void) {
    if entry.state == .busy { registry.counts.killed += 1 }
    entry.retire(steps)
    entry.whenGone(onFree)
  }

  // MARK: Starts and exits

  private func receive(_ event: ProcessStarter.Event) {
    switch event {
    case .exited(let process): processDidExit(process)
    case .placeFreed: spares.scheduleReplenish()
    // Spares start one at a time; this one is up.
    case .spareStarted:
      relief.watch()
      spares.replenish()
    case .roomWanted: delegate?.poolNeedsRoom()
    }
  }

  private func processDidExit(_ process: ClaudeProcess) {
    guard let entry = registry.remove(process) else { return }
    if entry.state == .spare || (entry.state == .busy && !process.isReady) { spares.noteCrash(of: entry) }
    entry.processDidExit()
    starter.processDidExit(entry)
    spares.scheduleReplenish()
    registry.wakeIfEmpty()
  }

  // MARK: Ending

  /// Ends the session's process if no turn uses it.
  func endIdle(_ session: String) {
    guard let entry = registry.entry(of: session), entry.state == .idle else { return }
    entry.retire()
  }

  /// Ends the session's process, if it has one. Returns when it has exited.
  func end(_ session: String) async {
    guard let entry = registry.entry(of: session) else { return }
    if entry.state != .leaving { entry.retire() }
    await entry.exit()
  }

  /// Starts nothing more, and ends the processes that no turn uses.
  func close() {
    isClosed = true
    spares.close()
    relief.close()
    starter.close()
    for entry in registry.all where entry.isDispensable { entry.retire() }
  }

  /// Ends all processes. Returns when the last one has exited.
  func end(_ steps: [ChildTeardown.Step]) async {
    close()
    for entry in registry.all { entry.retire(steps) }
    await registry.waitUntilEmpty()
  }
}
