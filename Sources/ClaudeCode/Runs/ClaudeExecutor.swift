import Bytes
public import EventLoop
import System
public import Telemetry

/// Runs turns: admits one turn at a time to each session and a limited number in all, gets a process from the pool, and
/// knows the runs under way.
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
    /// Memory that programs can still take, in bytes; nil where that is unknown.
    public var availableMemory: @Sendable () -> Int? = { nil }

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
  /// Whether it starts nothing more.
  public internal(set) var isShuttingDown = false
  let logger: Logger
  let newID: @Reactor () -> String
  /// Whether the CLI may accept transcripts that the server writes. Their form is undocumented; after one refusal no
  /// more are tried.
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
      kill: configuration.timeouts.kill, scheduler: scheduler, logger: logger,
      availableMemory: configuration.availableMemory)
    pool.delegate = self
  }

  /// Runs under way.
  public var activeRuns: Int { runs.count }
  /// The runs under way, parked ones included.
  public var runsUnderWay: [Run] { runs.all }
  /// The run in a session, parked or not.
  public func run(in session: String) -> Run? { runs.run(in: session) }
  /// Turns that hold a slot.
  var runningTurns: Int { slots.running }
  /// Turns that wait for a slot, for their session, or for a process.
  public var queuedTurns: Int { slots.waiting + sessions.waitingCount + pool.waiting }
  public var processStatistics: PoolStatistics { pool.statistics }
  /// CLI processes alive, those in teardown included.
  public var liveProcesses: Int { pool.statistics.live }

  /// Notifies `observer` of the end of every turn, for as long as the executor lives.
  public func addObserver(_ observer: any TurnObserver) { turnObservers.append(observer) }

  /// Starts a spare for turns like this one.
  public func prepare(for turn: Turn) { pool.learn(fingerprint(of: turn)) }

  func fingerprint(of turn: Turn) -> Fingerprint {
    Fingerprint(turn, settingSources: configuration.settingSources)
  }

  /// Waits for the session's other turns, a free slot and a process.
  ///
  /// - Parameters:
  ///   - cancellation: ends the wait. A run that has been returned is left with `Run.remove`.
  ///   - logger: the request's, so that the run's log lines carry its id.
  /// - Returns: the run, which has its process. Add the observers, then call `Run.start`.
  /// - Throws: `ClaudeError` if there is none.
  public func run(
    _ turn: Turn, id: String, cancellation: CancellationSignal, logger: Logger
  ) async throws(ClaudeError) -> Run {
    let session: String? = if case .resume(let id) = turn.session { id } else { nil }
    if let session, ending.contains(session) { throw .noSession(session) }
    // A client that continues the session in another way no longer wants its parked run.
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

  /// The turn has its session and its slot; if this throws, the caller gives them back.
  private func start(
    _ turn: Turn, id: String, _ cancellation: CancellationSignal, _ logger: Logger
  ) async throws(ClaudeError) -> Run {
    if cancellation.isCancelled { throw .callerLeft }
    if isShuttingDown { throw .shuttingDown }
    if ending.contains(turn.session.id) { throw .noSession(turn.session.id) }
    let requested = fingerprint(of: turn)
    keepShare(of: turn.principal)
    var turn = turn
    let hasFallenBack = await prepareTranscript(&turn, requested)
    let lease = try await pool.lease(turn, as: requested, cancellation: cancellation)
    let run = try makeRun(of: turn, as: requested, on: lease, id: id, logger)
    run.sendsHistoryAsText = hasFallenBack
    return run
  }

  // Not inlined: its copies of the turn would stay in the frame that every waiting request keeps.
  @inline(never)
  private func makeRun(
    of turn: Turn, as requested: Fingerprint, on lease: ProcessLease, id: String, _ logger: Logger
  ) throws(ClaudeError) -> Run {
    let session = lease.process.sessionID
    // The session may have been ended while the turn waited for a process.
    if ending.contains(session) {
      pool.giveBackUnused(lease)
      throw .noSession(session)
    }
    // No other client knows a new session yet.
    if turn.session.isNew { sessions.occupy(session) }
    let run = Run(
      turn, id: id, sessionID: session, as: requested, timeouts: configuration.timeouts, scheduler: scheduler,
      logger: logger, delegate: self)
    runs.add(run)
    run.hold(lease)
    return run
  }

  /// Where the CLI is; nil if there is none.
  public func locateCLI() -> String? { configuration.locator.locate(isExecutable: Executable.exists) }

  // MARK: Shutting down

  /// Starts nothing more, and waits for the runs under way to end.
  ///
  /// - Parameter grace: how long they may take.
  public func drain(within grace: Duration) async {
    isShuttingDown = true
    pool.close()
    // The client's results can no longer come.
    for run in runs.all where !run.openCalls.isEmpty { run.fail(.interrupted) }
    await idleness.wait(within: grace) { runs.isEmpty }
  }

  /// Ends every run and process, and starts nothing more. Returns when the last process has exited, or after the time
  /// of a teardown.
  public func shutDown() async {
    isShuttingDown = true
    pool.close()
    for run in runs.all { run.fail(.interrupted) }
    await pool.end(.prompt(timeout: configuration.timeouts.kill))
    await ChildProcess.familiesEnded()
  }

  /// Kills every process and its descendants at once. Returns when they have exited.
  public func kill() async {
    isShuttingDown = true
    await pool.end(.immediate)
    await ChildProcess.familiesEnded()
  }
}
