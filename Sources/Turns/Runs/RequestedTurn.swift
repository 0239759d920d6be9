package import ClaudeCode
package import EventLoop

/// What a request asks to be done.
package enum RequestedWork {
  case turn(Turn)
  /// Going on with a run that waits for these results; with what the user says besides.
  case resumption(Run, [String: FunctionResult], [ContentBlock])
  /// Giving the answer of a request that is here for the second time.
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

  /// The turn that is to run or goes on.
  package var turn: Turn {
    switch self {
    case .turn(let turn): turn
    case .resumption(let run, _, _): run.turn
    case .repetition(let recording): recording.run.turn
    }
  }
}

/// The surfaces that runs are begun on, as lists of runs name them.
package enum Surface: String, Sendable {
  case claude, messages, agent
  case chatCompletion = "chat.completion"
  case response
}

/// Work, and the request that asks for it. It is kept as long as the run; the work, which can be large, is taken from it
/// once, so that nothing of a long request stays while its answer is made.
@Reactor
package final class RequestedTurn {
  private var work: RequestedWork?
  package let surface: Surface
  package let caller: Caller
  /// For a client that repeats its request when it has waited too long: its leaving is not yet the end.
  package let key: IdempotencyKey?
  /// Where what the run says is kept; nil for a run that ends with its connection.
  package let journal: RunJournal?
  /// Whether the answer begins with its turn.
  package let isWholeTurn: Bool
  /// Whether the end of the run advances the conversation: false for a replay.
  package let advancesConversation: Bool
  /// The session that the turn continues; nil for a new one.
  package let sessionID: String?
  /// What the client is to know of the request, though it is served.
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
    isWholeTurn = work.isWholeTurn
    advancesConversation = if case .repetition(let recording) = work { recording.isLive } else { true }
  }

  /// Hands the work over; nil if that was done before.
  package func takeWork() -> RequestedWork? {
    defer { work = nil }
    return work
  }
}
