import Bytes
import EventLoop
import System
import Telemetry

/// A process and what it is doing, as the pool sees it.
@Reactor
final class PooledProcess {
  enum State: Equatable {
    /// Has served no turn.
    case spare
    case busy
    /// Kept for its session's next turn.
    case idle
    /// In its teardown.
    case leaving
  }

  /// What every pooled process needs to end.
  struct Surroundings {
    /// The timeout of each step of a teardown.
    let kill: Duration
    let scheduler: any Scheduler
    let logger: Logger
  }

  let process: ClaudeProcess
  /// The program it was started from.
  let program: FileVersion?
  private(set) var state: State
  /// Orders processes by their last use.
  var lastUse = 0
  /// When it last became idle or spare; nil if it never did.
  private(set) var restsSince: ContinuousClock.Instant?
  /// The session's transcript when the process last became idle; nil if it can have none.
  var mark: TranscriptMark?
  /// Whether its start holds one of the places for starts.
  private(set) var isStarting = true
  private var startTimer: (any ScheduledTimer)?
  /// Ends it when it has been unused for too long.
  private var restTimer: (any ScheduledTimer)?
  /// Nil once the process has exited.
  private var exitActions: [@Reactor () -> Void]? = []
  private let surroundings: Surroundings

  init(_ process: ClaudeProcess, program: FileVersion?, state: State, _ surroundings: Surroundings) {
    self.process = process
    self.program = program
    self.state = state
    self.surroundings = surroundings
  }

  /// Whether no turn and no client needs it.
  var isDispensable: Bool { state == .spare || state == .idle }

  // MARK: Start

  /// Calls `action` when the start takes longer than `timeout`.
  func limitStart(to timeout: Duration, _ action: @escaping @Reactor () -> Void) {
    startTimer = surroundings.scheduler.schedule(after: timeout, action)
  }

  /// The start has ended.
  ///
  /// - Returns: false if it had ended already.
  func endStart() -> Bool {
    guard isStarting else { return false }
    isStarting = false
    startTimer?.cancel()
    return true
  }

  // MARK: Use

  /// A turn takes the process.
  func claim() {
    restTimer?.cancel()
    state = .busy
  }

  /// The process becomes spare or idle, and is ended after `duration`.
  func rest(as state: State, for duration: Duration) {
    self.state = state
    restsSince = surroundings.scheduler.now
    process.owner = IdleWatch { [weak self] in
      guard let self else { return }
      surroundings.logger.debug("an idle process began a turn by itself", ["pid": JSONValue(Int(process.pid))])
      retire(.prompt(timeout: surroundings.kill))
    }
    restTimer = surroundings.scheduler.schedule(after: duration) { [weak self] in self?.retire() }
  }

  // MARK: End

  /// Begins the teardown.
  ///
  /// - Parameter steps: nil for the polite ones.
  func retire(_ steps: [ChildTeardown.Step]? = nil) {
    restTimer?.cancel()
    if isDispensable { process.owner = nil }
    state = .leaving
    process.tearDown(steps ?? .polite(timeout: surroundings.kill), surroundings.scheduler)
  }

  /// Calls `action` when the process has exited; at once if it has.
  func whenGone(_ action: @escaping @Reactor () -> Void) {
    if exitActions == nil { action() } else { exitActions?.append(action) }
  }

  func exit() async {
    await withCheckedContinuation { continuation in whenGone { continuation.resume() } }
  }

  /// The process has exited.
  func processDidExit() {
    restTimer?.cancel()
    // The owner of an idle process is `IdleWatch`, which refers to this entry.
    process.owner = nil
    let actions = exitActions ?? []
    exitActions = nil
    for action in actions { action() }
  }
}

/// The owner of a process that no turn uses. A process that begins a turn by itself, for instance because a background
/// task has ended, is unfit for the next turn: its output could not be told apart from the answer.
@Reactor
private final class IdleWatch: ClaudeProcessOwner {
  private let onTurn: @Reactor () -> Void

  init(onTurn: @escaping @Reactor () -> Void) { self.onTurn = onTurn }

  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    if message.isOfTurn(line) { onTurn() }
  }

  func processDidExit(_ status: ExitStatus) {}
}
