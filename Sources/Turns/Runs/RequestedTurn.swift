package import ClaudeCode
package import EventLoop

/// The work that a request asks for.
package enum RequestedWork {
  case turn(Turn)
  /// Resuming a parked run with these results, and with what the user says besides.
  case resumption(Run, [String: FunctionResult], [ContentBlock])
  /// Replaying the answer of an earlier request.
  case repetition(RunRecording)
}

@Reactor
extension RequestedWork {
  /// Whether the answer begins with its turn.
  package var isWholeTurn: Bool {
    switch self {
    case .turn: true
    case .resumption: false
    case .repetition(let recording): recording.isWholeTurn
    }
  }

  /// The session that is continued; nil for a new one.
  package var sessionID: String? {
    switch self {
    case .turn(let turn): if case .resume(let id) = turn.session { id } else { nil }
    case .resumption(let run, _, _): run.sessionID
    case .repetition(let recording): recording.run.sessionID
    }
  }

  /// The turn of the run.
  package var turn: Turn {
    switch self {
    case .turn(let turn): turn
    case .resumption(let run, _, _): run.turn
    case .repetition(let recording): recording.run.turn
    }
  }
}

/// The surfaces that begin runs, as lists of runs name them.
package enum Surface: String, Sendable {
  case claude, messages, agent
  case chatCompletion = "chat.completion"
  case response
}

/// A request's work, and its caller. It is kept as long as the run. The work can be large and is taken from it once, so
/// that nothing of a long request stays in memory while its answer is made.
@Reactor
package final class RequestedTurn {
  private var work: RequestedWork?
  package let surface: Surface
  package let caller: Caller
  /// For a client that retries after a timeout: the run survives its leaving for a while.
  package let key: IdempotencyKey?
  /// Where the run's events are stored; nil for a run that ends with its connection.
  package let journal: RunJournal?
  /// Whether it begins a run, and does not join one that exists.
  let beginsRun: Bool
  /// Whether the answer begins with its turn.
  package let isWholeTurn: Bool
  /// Whether the end of the run advances the conversation: false for a replay.
  package let advancesConversation: Bool
  /// The session that the turn continues; nil for a new one.
  package let sessionID: String?
  /// Warnings for the client of a request that is served.
  package let warnings: [String]

  package init(
    _ work: RequestedWork, on surface: Surface, for caller: Caller, _ key: IdempotencyKey? = nil,
    journal: RunJournal? = nil, warnings: [String] = []
  ) {
    self.work = work
    self.surface = surface
    self.caller = caller
    self.key = key
    self.warnings = warnings
    sessionID = work.sessionID
    self.journal = journal
    beginsRun = if case .turn = work { true } else { false }
    isWholeTurn = work.isWholeTurn
    advancesConversation = if case .repetition(let recording) = work { recording.isLive } else { true }
  }

  /// Hands the work over. To be called once.
  func takeWork() -> RequestedWork {
    guard let work else { preconditionFailure("a request's work was started twice") }
    self.work = nil
    return work
  }
}
