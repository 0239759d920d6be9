import Bytes
public import EventLoop
public import Telemetry

/// Runs turns: finds the CLI, keeps each session to one turn at a time, starts processes and knows which are alive.
@Reactor
public final class ClaudeExecutor {
  public struct Configuration: Sendable {
    public var locator: CLILocator
    public var environment: CLIEnvironment
    public var timeouts: RunTimeouts
    /// For `--setting-sources`; nil leaves it to the CLI.
    public var settingSources: String?

    public init(
      locator: CLILocator, environment: CLIEnvironment, timeouts: RunTimeouts = RunTimeouts(),
      settingSources: String? = nil
    ) {
      self.locator = locator
      self.environment = environment
      self.timeouts = timeouts
      self.settingSources = settingSources
    }
  }

  private let configuration: Configuration
  private let scheduler: any Scheduler
  private let logger: Logger
  private let newID: @Reactor () -> String
  private let gate: SessionGate
  private var runs: [String: Run] = [:]
  private var processes: [ObjectIdentifier: ClaudeProcess] = [:]
  private var idleActions: [@Reactor () -> Void] = []
  private let idleness: Idleness
  private var isShuttingDown = false

  /// - Parameter newID: makes unique ids.
  public init(
    _ configuration: Configuration, scheduler: any Scheduler = Loop.main, logger: Logger,
    newID: @escaping @Reactor () -> String
  ) {
    self.configuration = configuration
    self.scheduler = scheduler
    idleness = Idleness(scheduler)
    self.logger = logger
    self.newID = newID
    var limits = SessionGate.Limits()
    limits.patience = configuration.timeouts.total
    gate = SessionGate(limits: limits, scheduler: scheduler)
  }

  /// Runs under way.
  public var activeRuns: Int { runs.count }
  /// CLI processes alive, those on their way down included.
  public var liveProcesses: Int { processes.count }

  /// Where the CLI is; nil if there is none.
  public func locateCLI() -> String? { configuration.locator.locate(isExecutable: Executable.exists) }

  /// Waits for the session's other turns, then starts this one.
  ///
  /// - Parameters:
  ///   - departure: ends the waiting. After that, `Run.remove` is the way to leave.
  ///   - logger: the request's, so that the run's lines can be found by its id.
  /// - Throws: `ClaudeError` when nothing was started.
  public func run(
    _ turn: Turn, id: String, observer: any RunObserver, departure: CancellationSignal, logger: Logger
  ) async throws(ClaudeError) -> Run {
    let session = turn.session.id
    try await gate.enter(session, departure: departure)
    guard !departure.isCancelled else {
      gate.leave(session)
      throw ClaudeError(.cancelled, "The client left", reachedCLI: false)
    }
    // A turn that waited for its session is let in by the end of the one before.
    guard !isShuttingDown else {
      gate.leave(session)
      throw ClaudeError(.cancelled, "The server is shutting down", reachedCLI: false)
    }
    do {
      return try start(turn, id: id, observer: observer, logger)
    } catch {
      gate.leave(session)
      throw error
    }
  }

  private func start(
    _ turn: Turn, id: String, observer: any RunObserver, _ logger: Logger
  ) throws(ClaudeError) -> Run {
    guard let path = locateCLI() else { throw cliNotFound }
    let command = ChildCommand(
      executable: path,
      arguments: CLIArguments.arguments(for: turn, settingSources: configuration.settingSources),
      environment: configuration.environment.environment(for: turn), directory: turn.directory,
      containedIn: turn.workspaceBase)
    let run = Run(
      turn, id: id, observer: observer, timeouts: configuration.timeouts, scheduler: scheduler, logger: logger
    ) { [weak self] in self?.runEnded(id) }
    let process = try spawn(command, session: turn.session.id)
    runs[id] = run
    run.start(on: process)
    return run
  }

  private func runEnded(_ id: String) {
    runs[id] = nil
    if runs.isEmpty { idleness.begin() }
  }

  private func spawn(_ command: ChildCommand, session: String) throws(ClaudeError) -> ClaudeProcess {
    do {
      let process = try ClaudeProcess(command, id: newID()) { [weak self] process in
        guard let self else { return }
        processes[ObjectIdentifier(process)] = nil
        // Not earlier: until it is gone the process may still write the session's transcript.
        gate.leave(session)
        if processes.isEmpty { processesAreGone() }
      }
      processes[ObjectIdentifier(process)] = process
      return process
    } catch {
      logger.error("cannot start Claude Code", ["error": .string(error.description)])
      throw ClaudeError(error, starting: command)
    }
  }

  private var cliNotFound: ClaudeError {
    let places = configuration.locator.candidates.joined(separator: ", ")
    return ClaudeError(
      .cliNotFound, "The Claude Code CLI was not found. Install it or set CLAUDE_CLI_PATH. Looked at: \(places)",
      reachedCLI: false)
  }

  /// Starts nothing more, and waits for the runs under way to end.
  ///
  /// - Parameter grace: how long they may take.
  public func drain(within grace: Duration) async {
    isShuttingDown = true
    await idleness.wait(within: grace) { runs.isEmpty }
  }

  /// Ends every run and process; returns when the last process is gone, or after the time every teardown has.
  /// From now on nothing is started.
  public func shutDown() async {
    isShuttingDown = true
    for run in runs.values { run.cancel() }
    for process in processes.values {
      process.tearDown(.prompt(patience: configuration.timeouts.kill), scheduler)
    }
    await processesEnded()
    await ChildProcess.familiesEnded()
  }

  /// Kills every process and what it has started, without asking; returns when they are gone.
  public func kill() async {
    isShuttingDown = true
    for process in processes.values { process.tearDown(.immediate, scheduler) }
    await processesEnded()
    await ChildProcess.familiesEnded()
  }

  private func processesAreGone() {
    let actions = idleActions
    idleActions = []
    for action in actions { action() }
  }

  private func processesEnded() async {
    await withCheckedContinuation { continuation in
      if processes.isEmpty { continuation.resume() } else { idleActions.append { continuation.resume() } }
    }
  }
}
