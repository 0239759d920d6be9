import Bytes
public import EventLoop
import System
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

  let configuration: Configuration
  let scheduler: any Scheduler
  let sessions: SessionGate
  let slots: TurnGate
  let pool: ProcessPool
  let idleness: IdleWaiters
  var runs = RunRegistry()
  /// Sessions that are being ended for good.
  var ending: Set<String> = []
  /// In the order they were added.
  var turnObservers: [any TurnObserver] = []
  var isShuttingDown = false
  let logger: Logger
  let newID: @Reactor () -> String
  /// Whether the CLI is known not to take transcripts that we write: their form is undocumented.
  var takesTranscripts = true

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

  func fingerprint(of turn: Turn) -> Fingerprint {
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
    let run = Run(
      turn, id: id, sessionID: session, as: wanted, timeouts: configuration.timeouts, scheduler: scheduler,
      logger: logger, delegate: self)
    runs.add(run)
    run.sendsHistoryAsText = hasFallenBack
    run.hold(lease)
    return run
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
