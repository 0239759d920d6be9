import Bytes
public import EventLoop
import Telemetry

/// A turn being executed: gives it to its process, answers the CLI's requests, enforces the time limits, and delivers the
/// output to observers.
///
/// A run that no observer keeps is cancelled. It ends at the `result` line and does not wait for the process, which may
/// never exit; the pool's teardown takes care of that.
@Reactor
public final class Run: RunSource {
  enum State {
    /// It has a process, and the turn has not been given to it.
    case leased(ProcessLease)
    case running
    /// A result without turns came; a better one may follow.
    case holding(TurnResult, line: [UInt8], StreamMessage)
    /// The client has to answer calls. Only the time of that wait is limited.
    case parked
    /// The client has answered; `resume` follows.
    case claimed
    case ended
  }

  public let id: String
  /// Who asked for it, and how.
  public var origin: RunOrigin?
  public internal(set) var turn: Turn
  public let startedAt: ContinuousClock.Instant
  var state = State.running
  /// When it was parked last.
  var parkedSince: ContinuousClock.Instant
  /// How it ended; nil until it has.
  public private(set) var outcome: RunOutcome?
  var observers: [any RunObserver] = []
  var process: ClaudeProcess?
  /// The session of the process that serves the turn.
  public private(set) var sessionID: String
  /// Whether the history is part of the prompt, because the CLI did not take it as a transcript.
  public internal(set) var sendsHistoryAsText = false
  private let fingerprint: Fingerprint
  var calls: PendingCalls
  let control: ControlChannel
  weak var delegate: (any RunDelegate)?
  /// Whether a process that is gone before the turn begins will be replaced; that happens once.
  var canReplaceProcess = true
  let timeouts: RunTimeouts
  let scheduler: any Scheduler
  let logger: Logger
  var holdTimer: (any ScheduledTimer)?
  /// Runs while the process has closed its output and not exited.
  var lossTimer: (any ScheduledTimer)?
  let clock: RunClock
  var retryWait: Duration = .zero
  /// Whether the CLI has emitted anything of the turn; responses to control requests do not count.
  var hasOutput = false
  /// Whether it ended while parked, without holding a slot.
  private(set) var wasParked = false

  init(
    _ turn: Turn, id: String, sessionID: String, as fingerprint: Fingerprint, timeouts: RunTimeouts,
    scheduler: any Scheduler, logger: Logger, delegate: (any RunDelegate)? = nil
  ) {
    self.turn = turn
    self.id = id
    self.sessionID = sessionID
    self.fingerprint = fingerprint
    self.timeouts = timeouts
    self.scheduler = scheduler
    self.delegate = delegate
    self.logger = logger.with("run", .string(id)).with("session", .string(sessionID))
    calls = PendingCalls(turn.clientCalls)
    control = ControlChannel(turn, runID: id)
    startedAt = scheduler.now
    parkedSince = startedAt
    clock = RunClock(timeouts, scheduler)
  }

  /// The process id of the CLI; nil when the run has ended.
  public var pid: Int32? { process?.pid }

  /// The run has its process. Observers that are added before `start` lose nothing.
  func hold(_ lease: ProcessLease) {
    process = lease.process
    state = .leased(lease)
  }

  /// Gives the turn to the process. To be called once, when the observers are added. If the run was cancelled before,
  /// they get its end.
  public func start() {
    switch state {
    case .leased(let lease):
      state = .running
      begin(on: lease)
    case .ended: deliverEnd()
    case .running, .holding, .parked, .claimed: break
    }
  }

  /// Begins the turn on another process, because the first was gone too early.
  func restart(on lease: ProcessLease) { begin(on: lease) }

  private func begin(on lease: ProcessLease) {
    let process = lease.process
    self.process = process
    let (content, takesCommands) = (turn.content, turn.takesCommands)
    let encode: @Sendable () -> [UInt8] = { ControlMessage.user(content, takesCommands: takesCommands) }
    let size = content.reduce(0) { $0 + $1.size }
    let isInline = OffLoop.isInline(size)
    process.begin(turn, as: fingerprint, id: id, line: isInline ? encode() : nil)
    if !isInline { send(size, encode) }
    clock.start { [self] in fail($0) }
    logger.debug("run started", ["pid": JSONValue(Int(process.pid))])
    if process.hasClosedOutput { processDidCloseOutput() }
    lease.end(self)
  }

  /// Encodes `size` bytes, off the loop if they are many, and writes them to the process.
  func send(_ size: Int, _ encode: @escaping @Sendable () -> [UInt8]) {
    guard let process else { return }
    guard !OffLoop.isInline(size) else { return process.send(encode()) }
    Task.onLoop { [self] in
      let lines = await OffLoop.shared.run(on: size, encode)
      // The run may have ended meanwhile, and the process may have another owner.
      guard self.process === process else { return }
      clock.noteActivity()
      process.send(lines)
    }
  }

  // MARK: Observers

  /// Adding an observer twice has no effect.
  public func add(_ observer: any RunObserver) {
    guard !observers.contains(where: { $0 === observer }) else { return }
    observers.append(observer)
  }

  /// The observer gets no more events. A run without observers is cancelled.
  public func remove(_ observer: any RunObserver) {
    guard observers.contains(where: { $0 === observer }) else { return }
    observers.removeAll { $0 === observer }
    endUnlessKept()
  }

  /// Cancels the run unless an observer keeps it.
  func endUnlessKept() {
    if !observers.contains(where: \.keepsRun) { cancel() }
  }

  public func cancel() { cancel(endsProcess: false) }

  /// - Parameter endsProcess: whether the process ends too. If not, it is interrupted and kept for the session.
  public func cancel(endsProcess: Bool) {
    let error = ClaudeError(.cancelled, "The run was cancelled", reachedCLI: true)
    end(.failed(error), endsProcess ? .broken(.prompt(timeout: timeouts.kill)) : .interrupted)
  }

  /// A congested observer can take more.
  public func observerDidDrain() {
    guard clock.isPaused, !observers.contains(where: \.isCongested) else { return }
    clock.resume()
    process?.resumeOutput()
  }

  func pauseIfCongested() {
    guard observers.contains(where: \.isCongested), clock.pause() else { return }
    process?.pauseOutput()
  }

  /// Takes the process away before the turn has begun.
  func detachProcess() -> ClaudeProcess? {
    defer { process = nil }
    return process
  }

  /// Prepares a restart in a new session, with the whole conversation as the prompt.
  func fallBack(to content: [ContentBlock], in session: String) {
    turn.session = .new(id: session)
    turn.content = content
    sessionID = session
    sendsHistoryAsText = true
  }

  // MARK: End

  func fail(_ error: ClaudeError) { end(.failed(error), .interrupted) }

  func end(_ outcome: RunOutcome, _ ending: ProcessPool.Ending) {
    var ending = ending
    switch state {
    case .ended: return
    case .parked: wasParked = true
    case .leased: ending = .unused
    case .running, .holding, .claimed: break
    }
    state = .ended
    self.outcome = outcome
    clock.stop()
    holdTimer?.cancel()
    lossTimer?.cancel()
    let process = self.process
    self.process = nil
    process?.owner = nil
    logger.logEnd(outcome, process, after: scheduler.now - startedAt)
    delegate?.runDidEnd(self, process, ending)
    deliverEnd()
  }

  private func deliverEnd() {
    guard let outcome else { return }
    let observers = self.observers
    self.observers = []
    for observer in observers { observer.run(self, didEnd: outcome) }
  }
}
