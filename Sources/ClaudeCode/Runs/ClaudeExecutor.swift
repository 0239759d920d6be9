import Bytes
public import EventLoop
public import Telemetry

/// Runs turns: keeps each session to one turn at a time and the machine to as many as it can take, has the pool find a
/// process, and knows which runs are under way.
@Reactor
public final class ClaudeExecutor {
  public struct Configuration: Sendable {
    public var locator: CLILocator
    public var environment: CLIEnvironment
    public var timeouts: RunTimeouts
    /// For `--setting-sources`; nil leaves it to the CLI.
    public var settingSources: String?
    public var pool: PoolLimits
    public var turns: TurnGate.Limits

    public init(
      locator: CLILocator, environment: CLIEnvironment, timeouts: RunTimeouts = RunTimeouts(),
      settingSources: String? = nil, pool: PoolLimits = PoolLimits(), turns: TurnGate.Limits = TurnGate.Limits()
    ) {
      self.locator = locator
      self.environment = environment
      self.timeouts = timeouts
      self.settingSources = settingSources
      self.pool = pool
      self.turns = turns
    }
  }

  private let configuration: Configuration
  private let scheduler: any Scheduler
  let sessions: SessionGate
  private let slots: TurnGate
  let pool: ProcessPool
  private let idleness: IdleWaiters
  private(set) var runs = RunRegistry()
  /// Sessions that are being ended for good.
  var ending: Set<String> = []
  /// In the order they were added.
  private var turnObservers: [any TurnObserver] = []
  private var isShuttingDown = false
  private let logger: Logger
  private let newID: @Reactor () -> String
  /// Whether the CLI is known not to take transcripts that we write: their form is undocumented.
  private var takesTranscripts = true

  /// - Parameters:
  ///   - clock: the wall clock, for the time stamps of transcripts.
  ///   - newID: makes UUIDs.
  public init(
    _ configuration: Configuration, scheduler: any Scheduler = Loop.main, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }, newID: @escaping @Reactor () -> String
  ) {
    self.configuration = configuration
    self.scheduler = scheduler
    self.newID = newID
    self.logger = logger
    idleness = IdleWaiters(scheduler)
    var limits = SessionGate.Limits()
    limits.timeout = configuration.timeouts.total
    sessions = SessionGate(limits: limits, scheduler: scheduler)
    slots = TurnGate(configuration.turns, scheduler: scheduler)
    pool = ProcessPool(
      configuration.pool,
      launcher: ProcessLauncher(
        locator: configuration.locator, environment: configuration.environment, logger: logger, clock: clock,
        newID: newID),
      kill: configuration.timeouts.kill, scheduler: scheduler, logger: logger)
  }

  /// How many runs are under way.
  public var activeRuns: Int { runs.count }
  /// The runs under way, those that wait for their client included.
  public var runsUnderWay: [Run] { runs.all }
  /// The run that works in a session, or is parked in it.
  public func run(in session: String) -> Run? { runs.run(in: session) }
  /// Turns that hold a slot.
  var runningTurns: Int { slots.running }
  /// Turns that wait: for a slot, for their session, or for a process.
  public var queuedTurns: Int { slots.waiting + sessions.waitingCount + pool.waiting }
  public var processStatistics: PoolStatistics { pool.statistics }
  /// CLI processes alive, those on their way down included.
  public var liveProcesses: Int { pool.statistics.live }

  /// Tells `observer` of every turn's end, for as long as the executor lives.
  public func addObserver(_ observer: any TurnObserver) { turnObservers.append(observer) }

  /// Has a process started ahead for turns like this one.
  public func prepare(for turn: Turn) { pool.learn(fingerprint(of: turn)) }

  private func fingerprint(of turn: Turn) -> Fingerprint {
    Fingerprint(turn, settingSources: configuration.settingSources)
  }

  /// Waits for the session's other turns, a free slot and a process.
  ///
  /// - Parameters:
  ///   - cancellation: ends the waiting. After that, `Run.remove` is the way to leave.
  ///   - logger: the request's, so that the run's lines can be found by its id.
  /// - Returns: the run, which has its process. Add the observers, then call `Run.start`.
  /// - Throws: `ClaudeError` when there is none.
  public func run(
    _ turn: Turn, id: String, cancellation: CancellationSignal, logger: Logger
  ) async throws(ClaudeError) -> Run {
    let session: String? = if case .resume(let id) = turn.session { id } else { nil }
    if let session, ending.contains(session) { throw .noSession(session) }
    // Whoever goes on in another way does not want the answer to what was called any more.
    if let session, let run = runs.run(in: session), !run.openCalls.isEmpty { run.cancel() }
    if let session { try await sessions.enter(session, cancellation: cancellation) }
    do {
      try await slots.enter(turn.principal, cancellation: cancellation)
    } catch {
      if let session { sessions.leave(session) }
      throw error
    }
    pool.launcher.settings.turnBegins()
    do {
      return try await start(turn, id: id, cancellation, logger)
    } catch {
      pool.launcher.settings.turnEnded()
      slots.leave(turn.principal)
      if let session { sessions.leave(session) }
      throw error
    }
  }

  /// The turn has its session and its slot; if this throws, it has to give them back.
  private func start(
    _ turn: Turn, id: String, _ cancellation: CancellationSignal, _ logger: Logger
  ) async throws(ClaudeError) -> Run {
    if cancellation.isCancelled { throw .callerLeft }
    if isShuttingDown { throw .shuttingDown }
    if ending.contains(turn.session.id) { throw .noSession(turn.session.id) }
    let wanted = fingerprint(of: turn)
    var turn = turn
    let hasFallenBack = await prepareTranscript(&turn, wanted)
    let lease = try await pool.lease(turn, as: wanted, cancellation: cancellation)
    let session = lease.process.sessionID
    // Since the turn began to wait for a process.
    if ending.contains(session) {
      pool.giveBackUnused(lease)
      throw .noSession(session)
    }
    // A new session is known to nobody yet.
    if turn.session.isNew { sessions.occupy(session) }
    let run = makeRun(turn, id: id, sessionID: session, wanted, logger)
    run.sendsHistoryAsText = hasFallenBack
    run.hold(lease)
    return run
  }

  private func makeRun(
    _ turn: Turn, id: String, sessionID: String, _ fingerprint: Fingerprint, _ logger: Logger
  ) -> Run {
    let run = Run(
      turn, id: id, sessionID: sessionID, as: fingerprint, timeouts: configuration.timeouts, scheduler: scheduler,
      logger: logger
    ) { [weak self] in
      self?.replaceProcess(of: id)
    } onRefusal: { [weak self] in
      self?.transcriptRefused(by: id)
    } onPark: { [weak self, principal = turn.principal] in
      // Not the turn: this is kept with the run, and the turn can be large.
      self?.runParked(id, principal)
    } onEnd: { [weak self] in
      self?.runEnded(id, $0, $1)
    }
    runs.add(run)
    return run
  }

  /// Writes the transcript of an imported session; where that is of no use, makes the turn one that tells the
  /// conversation in words.
  ///
  /// - Returns: whether it did the latter.
  private func prepareTranscript(_ turn: inout Turn, _ fingerprint: Fingerprint) async -> Bool {
    guard case .imported(let id, let transcript, let fallback) = turn.session else { return false }
    if takesTranscripts {
      do throws(SystemCallError) {
        try await pool.launcher.write(transcript, for: id, fingerprint)
        return false
      } catch {
        logger.error("a transcript cannot be written; the history is told in words", ["error": .string("\(error)")])
      }
    }
    turn.session = .new(id: id)
    turn.content = await OffLoop.shared.run(on: fallback.size) { fallback.content }
    return true
  }

  /// The CLI does not know the session whose transcript was written for it. The turn goes on in a new one.
  private func transcriptRefused(by id: String) {
    guard let run = runs[id], case .imported(_, _, let fallback) = run.turn.session else { return }
    takesTranscripts = false
    logger.error("the CLI does not take our transcripts; histories are told in words", ["run": .string(id)])
    if let process = run.detachProcess() {
      pool.giveBack(process, .broken(.prompt(timeout: configuration.timeouts.kill))) {}
    }
    Task.onLoop { [self] in
      let content = await OffLoop.shared.run(on: fallback.size) { fallback.content }
      guard runs[id] === run else { return }
      let refused = run.sessionID
      sessions.leave(refused)
      let session = newID()
      sessions.occupy(session)
      run.fallBack(to: content, in: session)
      runs.move(run, from: refused)
      startAgain(run, .new(id: session))
    }
  }

  /// The run's process was gone before the turn had begun.
  private func replaceProcess(of id: String) {
    guard let run = runs[id] else { return }
    if case .new = run.turn.session {
      startAgain(run, .new(id: run.sessionID))
    } else {
      startAgain(run, .resume(id: run.sessionID))
    }
  }

  private func startAgain(_ run: Run, _ session: Turn.Session) {
    Task.onLoop { [self] in
      do throws(ClaudeError) {
        let lease = try await pool.start(session, fingerprint(of: run.turn), cancellation: CancellationSignal())
        if runs[run.id] != nil { run.restart(on: lease) } else { pool.giveBackUnused(lease) }
      } catch {
        run.fail(error)
      }
    }
  }

  private func runParked(_ id: String, _ principal: String) {
    slots.leave(principal)
    // What it waits for can no longer come.
    if isShuttingDown { runs[id]?.fail(.interrupted) }
  }

  private func runEnded(_ id: String, _ process: ClaudeProcess?, _ ending: ProcessPool.Ending) {
    guard let run = runs.remove(id) else { return }
    if !run.wasParked { slots.leave(run.turn.principal) }
    let leave: @Reactor () -> Void = { [sessions, turnObservers, settings = pool.launcher.settings] in
      settings.turnEnded()
      for observer in turnObservers { observer.turnDidEnd(run, cost: process?.turnCost ?? 0) }
      sessions.leave(run.sessionID)
    }
    // Not earlier: until it is idle or gone the process may still write the session's transcript.
    if let process { pool.giveBack(process, ending, onFree: leave) } else { leave() }
    if runs.isEmpty { idleness.begin() }
  }

  /// Where the CLI is; nil if there is none.
  public func locateCLI() -> String? { configuration.locator.locate(isExecutable: Executable.exists) }

  // MARK: Parked runs

  /// Runs that wait for their client.
  public var parkedRuns: Int { runs.all.count { !$0.openCalls.isEmpty } }

  /// Takes a parked run for a request that brings its results: it has its process and its session still, and gets a slot.
  /// Add the observers, then call `Run.resume`.
  ///
  /// - Throws: `failed` where the run is resumed already, or is over.
  public func claim(_ run: Run) throws(ClaudeError) {
    guard run.claim() else {
      throw ClaudeError(.failed, "The turn that waited for these results goes on already, or is over", reachedCLI: true)
    }
    slots.occupy(run.turn.principal)
  }

  // MARK: Shutting down

  /// Starts nothing more, and waits for the runs under way to end.
  ///
  /// - Parameter grace: how long they may take.
  public func drain(within grace: Duration) async {
    isShuttingDown = true
    pool.close()
    // What they wait for can no longer come.
    for run in runs.all where !run.openCalls.isEmpty { run.fail(.interrupted) }
    await idleness.wait(within: grace) { runs.isEmpty }
  }

  /// Ends every run and process; returns when the last process is gone, or after the time every teardown has.
  /// From now on nothing is started.
  public func shutDown() async {
    isShuttingDown = true
    pool.close()
    for run in runs.all { run.fail(.interrupted) }
    await pool.end(.prompt(timeout: configuration.timeouts.kill))
    await ChildProcess.familiesEnded()
  }

  /// Kills every process and what it has started, without asking; returns when they are gone.
  public func kill() async {
    isShuttingDown = true
    await pool.end(.immediate)
    await ChildProcess.familiesEnded()
  }
}
