import EventLoop

/// A process and what it is doing, as the pool sees it.
@Reactor
final class PooledProcess {
  enum State: Equatable {
    /// Has served no turn.
    case spare
    case busy
    /// Waits for its session's next turn.
    case idle
    /// On its way down.
    case leaving
  }

  let process: ClaudeProcess
  /// The program it was started from.
  let program: FileVersion?
  var state: State
  /// Orders processes by when they were last wanted.
  var lastUse = 0
  /// When it was last put aside; nil for one that never was.
  var restsSince: ContinuousClock.Instant?
  /// The session's transcript when it was last put aside; nil where there can be none.
  var mark: TranscriptMark?
  /// Ends it when it has waited too long.
  var timer: (any ScheduledTimer)?
  /// Whether its start holds one of the places for starts.
  var isStarting = true
  var startTimer: (any ScheduledTimer)?
  var exitActions: [@Reactor () -> Void] = []

  init(_ process: ClaudeProcess, program: FileVersion?, state: State) {
    self.process = process
    self.program = program
    self.state = state
  }

  /// Whether it can be ended without anybody missing it.
  var isDispensable: Bool { state == .spare || state == .idle }
}

/// Listens to a process that nobody uses. One that begins a turn of its own accord (a background task has ended, say)
/// is not fit for the next one: what it says then could not be told from the answer.
@Reactor
final class IdleWatch: ClaudeProcessOwner {
  private let onTurn: @Reactor () -> Void

  init(onTurn: @escaping @Reactor () -> Void) { self.onTurn = onTurn }

  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    if message.isOfTurn(line) { onTurn() }
  }

  func processDidExit(_ status: ExitStatus) {}
}
