import Bytes
import EventLoop
import Telemetry

/// The CLI processes: spares that were started ahead, processes that wait for their session's next turn, and those at
/// work. Every process is in here from its start to its end.
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

  let limits: PoolLimits
  let launcher: ProcessLauncher
  private let kill: Duration
  private let scheduler: any Scheduler
  private let logger: Logger
  private var entries: [ObjectIdentifier: PooledProcess] = [:]
  private var demand: SpareDemand
  private lazy var gate = StartGate(limits, scheduler: scheduler) { [unowned self] in entries.count }
  private var uses = 0
  private var counts = PoolStatistics()
  private var backoff: CrashBackoff
  private var replenishTimer: (any ScheduledTimer)?
  private var emptyActions: [@Reactor () -> Void] = []
  private var isClosed = false

  /// - Parameter kill: for each step of the way down.
  init(_ limits: PoolLimits, launcher: ProcessLauncher, kill: Duration, scheduler: any Scheduler, logger: Logger) {
    self.limits = limits
    self.launcher = launcher
    self.kill = kill
    self.scheduler = scheduler
    self.logger = logger
    demand = SpareDemand(capacity: limits.fingerprints)
    backoff = CrashBackoff(longest: limits.longestRest)
  }

  /// Turns that wait for a process to be started, or for room.
  var waiting: Int { gate.waiting }

  var figures: PoolStatistics {
    var figures = counts
    figures.live = entries.count
    figures.idle = entries.values.count { $0.state == .idle }
    figures.spare = entries.values.count { $0.state == .spare }
    figures.isResting = isResting
    return figures
  }

  // MARK: Taking

  /// Finds a process for `turn`: its session's own, a spare, or a new one.
  ///
  /// - Parameter cancellation: ends the waiting for a new one.
  /// - Returns: the process, which is busy until `giveBack`.
  /// - Throws: `ClaudeError` when there can be none.
  func take(
    _ turn: Turn, as wanted: Fingerprint, cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    switch turn.session {
    case .resume(let id):
      if let entry = entry(of: id) {
        if entry.state == .idle, entry.process.canServe(wanted, Initialization(turn)), isCurrent(entry),
          await ownsTranscript(entry), entry.state == .idle
        {
          return claim(entry)
        }
        // Two processes on one session would fork its transcript.
        await end(id)
      }
    case .new:
      if wanted.allowsFurtherTurns { learn(wanted) }
      if let entry = spare(for: wanted) { return claim(entry) }
    case .imported: break
    }
    return try await start(turn.session, wanted, cancellation: cancellation)
  }

  private func entry(of session: String) -> PooledProcess? {
    entries.values.first { $0.process.sessionID == session }
  }

  private func spare(for wanted: Fingerprint) -> PooledProcess? {
    let spares = entries.values.filter {
      $0.state == .spare && $0.process.fingerprint.canServe(wanted)
        && $0.process.fingerprint.bypassesPermissions == wanted.bypassesPermissions
    }
    for stale in spares where !isCurrent(stale) { retire(stale) }
    return spares.filter { $0.state == .spare }.min {
      (rank($0, wanted), $0.lastUse) < (rank($1, wanted), $1.lastUse)
    }
  }

  /// The lower, the sooner it will answer.
  private func rank(_ entry: PooledProcess, _ wanted: Fingerprint) -> Int {
    (entry.process.isReady ? 0 : 2) + (entry.process.fingerprint == wanted ? 0 : 1)
  }

  private func claim(_ entry: PooledProcess) -> ProcessLease {
    entry.timer?.cancel()
    entry.state = .busy
    counts.reused += 1
    touch(entry)
    return ProcessLease(entry.process)
  }

  private func touch(_ entry: PooledProcess) {
    uses += 1
    entry.lastUse = uses
  }

  private func isCurrent(_ entry: PooledProcess) -> Bool { entry.program == launcher.currentProgram }

  /// Whether nobody but the process has gone on with its session: somebody in a terminal, for instance.
  private func ownsTranscript(_ entry: PooledProcess) async -> Bool {
    guard let mark = entry.mark, !mark.isCurrent else { return true }
    if await mark.hasNoNewMessages() { return true }
    logger.info("a session was continued elsewhere", ["session": .string(entry.process.sessionID)])
    return false
  }

  func state(of session: String) -> SessionState {
    switch entry(of: session)?.state {
    case .busy: .running
    case .idle: .idle
    case .spare, .leaving, nil: .stored
    }
  }

  // MARK: Starting

  /// Starts a process for a turn that found none, when there is room and the machine is not busy starting others.
  ///
  /// - Parameters: as for `take`.
  func start(
    _ session: Turn.Session, _ fingerprint: Fingerprint, cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    var spent = 0.0
    if case .resume(let id) = session { spent = await launcher.costState(of: id, in: fingerprint.directory) }
    try await gate.enter(cancellation)
    do throws(ClaudeError) {
      try await gate.waitForRoom(cancellation) { if let longestUnused { retire(longestUnused) } }
      let lease = try await launchInPlaceOfIdle(session, fingerprint, cancellation)
      lease.process.cost = spent
      return lease
    } catch {
      startIsOver()
      // The room it has waited for, maybe, and did not take.
      if gate.hasRoom { gate.offerRoom() }
      throw error
    }
  }

  /// Launches; where the system has no descriptor or process left for it, processes that wait for work make way.
  private func launchInPlaceOfIdle(
    _ session: Turn.Session, _ fingerprint: Fingerprint, _ cancellation: CancellationSignal
  ) async throws(ClaudeError) -> ProcessLease {
    while true {
      if isClosed { throw .shuttingDown }
      if cancellation.isCancelled { throw .callerLeft }
      do throws(ClaudeError) {
        let entry = try launch(session, fingerprint, .busy)
        touch(entry)
        return ProcessLease(entry.process)
      } catch {
        guard error.kind == .exhausted, let longestUnused else { throw error }
        retire(longestUnused)
        await exit(of: longestUnused)
      }
    }
  }

  private var longestUnused: PooledProcess? {
    entries.values.filter(\.isDispensable).min { $0.lastUse < $1.lastUse }
  }

  private func startIsOver() {
    if gate.leave() { scheduleReplenish(after: limits.replenishDelay) }
  }

  /// Every launch holds one place for starts, until the process is up.
  private func launch(
    _ session: Turn.Session, _ fingerprint: Fingerprint, _ state: PooledProcess.State
  ) throws(ClaudeError) -> PooledProcess {
    let process = try launcher.launch(session, fingerprint) { [weak self] in
      self?.processIsReady($0)
    } onExit: { [weak self] in
      self?.processIsGone($0)
    }
    counts.spawned += 1
    let entry = PooledProcess(process, program: launcher.currentProgram, state: state)
    entries[ObjectIdentifier(process)] = entry
    entry.startTimer = scheduler.schedule(after: limits.start) { [weak self] in self?.finishStart(entry) }
    return entry
  }

  private func processIsReady(_ process: ClaudeProcess) {
    if let entry = entries[ObjectIdentifier(process)] { finishStart(entry) }
  }

  private func finishStart(_ entry: PooledProcess) {
    guard entry.isStarting else { return }
    entry.isStarting = false
    entry.startTimer?.cancel()
    startIsOver()
    // The next spare need not wait for a turn to have the machine: none was started for.
    if entry.state == .spare { replenish() }
  }

  // MARK: Giving back

  /// A turn is over.
  ///
  /// - Parameter onFree: called when the session can take its next turn.
  func giveBack(_ process: ClaudeProcess, _ ending: Ending, onFree: @escaping @Reactor () -> Void) {
    guard let entry = entries[ObjectIdentifier(process)] else { return onFree() }
    process.owner = nil
    process.resumeOutput()
    switch ending {
    case .complete:
      backoff.noteSuccess()
      keep(entry, onFree)
    case .interrupted where process.isReady && !isClosed:
      _ = Interruption(process, timeout: limits.interrupt, scheduler) { [self] isFit in
        // The CLI has ended its turn; a tool that is deaf may not have.
        isFit && !process.hasLeftovers ? keep(entry, onFree) : kill(entry, .prompt(timeout: kill), onFree)
      }
    case .interrupted: kill(entry, .prompt(timeout: kill), onFree)
    case .unused where process.turns > 0: keep(entry, onFree)
    case .unused:
      retire(entry)
      whenGone(entry, onFree)
    // It has ended by itself: nobody killed it, and whether it had got up is looked at when it is gone.
    case .broken([]): whenGone(entry, onFree)
    case .broken(let steps): kill(entry, steps, onFree)
    }
  }

  /// A new process that is not needed after all.
  func giveBackUnused(_ lease: ProcessLease) {
    giveBack(lease.process, .unused) {}
  }

  private func keep(_ entry: PooledProcess, _ onFree: @escaping @Reactor () -> Void) {
    guard entry.state == .busy else { return whenGone(entry, onFree) }
    guard !isClosed, limits.sessionIdle > .zero, entry.process.fingerprint.allowsFurtherTurns else {
      retire(entry)
      return whenGone(entry, onFree)
    }
    touch(entry)
    // Where the transcript is does not change with the turns.
    let location = entry.mark?.location ?? launcher.transcript(of: entry.process)
    entry.mark = location.map(TranscriptMark.init)
    putAside(entry, as: .idle, for: limits.sessionIdle)
    onFree()
    if gate.isRoomWanted, entry.state == .idle { retire(entry) }
  }

  private func putAside(_ entry: PooledProcess, as state: PooledProcess.State, for duration: Duration) {
    entry.state = state
    entry.restsSince = scheduler.now
    entry.process.owner = IdleWatch { [weak self] in
      guard let self else { return }
      logger.debug("an idle process began a turn by itself", ["pid": JSONValue(Int(entry.process.pid))])
      retire(entry, .prompt(timeout: kill))
    }
    entry.timer = scheduler.schedule(after: duration) { [weak self] in self?.retire(entry) }
  }

  private func kill(_ entry: PooledProcess, _ steps: [ChildTeardown.Step], _ onFree: @escaping @Reactor () -> Void) {
    if entry.state == .busy { counts.killed += 1 }
    retire(entry, steps)
    whenGone(entry, onFree)
  }

  // MARK: Ending

  /// Sends a process on its way down.
  private func retire(_ entry: PooledProcess, _ steps: [ChildTeardown.Step]? = nil) {
    entry.timer?.cancel()
    if entry.isDispensable { entry.process.owner = nil }
    entry.state = .leaving
    entry.process.tearDown(steps ?? .polite(timeout: kill), scheduler)
  }

  private func whenGone(_ entry: PooledProcess, _ action: @escaping @Reactor () -> Void) {
    if entries[ObjectIdentifier(entry.process)] == nil { action() } else { entry.exitActions.append(action) }
  }

  /// Ends the session's process, if it has one; returns when it is gone.
  func end(_ session: String) async {
    guard let entry = entry(of: session) else { return }
    if entry.state != .leaving { retire(entry) }
    await exit(of: entry)
  }

  private func exit(of entry: PooledProcess) async {
    await withCheckedContinuation { continuation in whenGone(entry) { continuation.resume() } }
  }

  private func processIsGone(_ process: ClaudeProcess) {
    guard let entry = entries.removeValue(forKey: ObjectIdentifier(process)) else { return }
    entry.timer?.cancel()
    // Who watched an idle one holds its entry.
    process.owner = nil
    if entry.state == .spare || (entry.state == .busy && !process.isReady) { noteCrash(process) }
    let actions = entry.exitActions
    entry.exitActions = []
    for action in actions { action() }
    gate.offerRoom()
    finishStart(entry)
    scheduleReplenish(after: limits.replenishDelay)
    guard entries.isEmpty else { return }
    let emptyActions = self.emptyActions
    self.emptyActions = []
    for action in emptyActions { action() }
  }

  /// Starts nothing more.
  func close() {
    isClosed = true
    replenishTimer?.cancel()
    gate.close()
    for entry in entries.values where entry.isDispensable { retire(entry) }
  }

  /// Takes everything down; returns when the last process is gone.
  func end(_ steps: [ChildTeardown.Step]) async {
    close()
    for entry in entries.values { retire(entry, steps) }
    await withCheckedContinuation { continuation in
      if entries.isEmpty { continuation.resume() } else { emptyActions.append { continuation.resume() } }
    }
  }

  // MARK: Spares

  /// A fingerprint is in use: from here on spares are held ready for it.
  func learn(_ fingerprint: Fingerprint) {
    guard limits.spares > 0 else { return }
    for forgotten in demand.note(fingerprint) {
      for entry in entries.values where entry.state == .spare && entry.process.fingerprint == forgotten {
        retire(entry)
      }
    }
    scheduleReplenish(after: limits.replenishDelay)
  }

  private func scheduleReplenish(after delay: Duration) {
    guard !isClosed, replenishTimer == nil, !demand.isEmpty else { return }
    replenishTimer = scheduler.schedule(after: delay) { [weak self] in
      self?.replenishTimer = nil
      self?.replenish()
    }
  }

  // Turns that wait for a process go first.
  private func replenish() {
    guard !isClosed else { return }
    guard !isResting else { return scheduleReplenish(after: rest) }
    for fingerprint in demand.recent where spareCount(fingerprint) < limits.spares {
      guard gate.hasRoom else { return makeRoomForSpare() }
      guard gate.enterAtOnce() else { return }
      startSpare(fingerprint)
      // One at a time: the end of its start calls again.
      return
    }
  }

  // A session that has rested for a while is less likely to come back next than a new one is to begin. The end of its
  // process calls again.
  private func makeRoomForSpare() {
    guard let longest = entries.values.filter({ $0.state == .idle }).min(by: { $0.lastUse < $1.lastUse }),
      let since = longest.restsSince, scheduler.now - since >= limits.restBeforeSpare
    else { return }
    retire(longest)
  }

  private func spareCount(_ fingerprint: Fingerprint) -> Int {
    entries.values.count { $0.state == .spare && $0.process.fingerprint == fingerprint }
  }

  private func startSpare(_ fingerprint: Fingerprint) {
    do throws(ClaudeError) {
      let entry = try launch(.new(id: launcher.newID()), fingerprint, .spare)
      entry.process.send(ControlMessage.status(id: "ready"))
      putAside(entry, as: .spare, for: limits.spareAge)
    } catch {
      demand.forget(fingerprint)
      logger.warn("no process could be started ahead", ["reason": .string(error.message)])
      startIsOver()
    }
  }

  private func noteCrash(_ process: ClaudeProcess) {
    counts.crashed += 1
    let wait = backoff.noteCrash(at: scheduler.now)
    let said = process.standardError.split(separator: "\n").last.map(String.init) ?? "nothing on standard error"
    logger.warn(
      "a process ended before it said anything",
      ["said": .string(said), "failures": JSONValue(backoff.count), "rest": .string("\(wait)")])
  }

  private var isResting: Bool { rest > .zero }

  private var rest: Duration { backoff.rest(at: scheduler.now) }
}

extension ClaudeError {
  static let callerLeft = ClaudeError(.cancelled, "The client left", reachedCLI: false)
  static let shuttingDown = ClaudeError(.cancelled, "The server is shutting down", reachedCLI: false)
}
