/// How many processes are kept, and for how long.
public struct PoolLimits: Sendable, Equatable {
  /// Processes alive at the same time, whatever they do (`CLAUDE_MAX_PROCESSES`). One takes about 200 MB.
  public var processes = 16
  /// Processes held ready for each fingerprint in use (`CLAUDE_POOL_SPARES`).
  public var spares = 1
  /// Fingerprints that are in use at the same time; the one that was longest unused is forgotten first.
  public var fingerprints = 8
  /// How long a process waits for its session's next turn (`CLAUDE_SESSION_IDLE_MS`); zero: it does not.
  public var sessionIdle: Duration = .seconds(600)
  /// How old a spare may become. Settings and login may have changed since it was started.
  public var spareAge: Duration = .seconds(1800)
  /// How long an interrupted process may take to end its turn.
  public var interrupt: Duration = .seconds(1)
  /// Processes that are started at the same time: two cores start sixteen in 8 s, one in under 1 s.
  public var starts = 2
  /// When a start counts as over though nothing was heard.
  public var start: Duration = .seconds(5)
  /// How long a turn waits for a process to be started or to make room (`CLAUDE_QUEUE_TIMEOUT_MS`).
  public var timeout: Duration = .seconds(8)
  /// How long a spare's place stays empty: the turn that took it is to have the machine first.
  public var replenishDelay: Duration = .milliseconds(250)
  /// How long a session must have rested before its process makes way for a spare, where there is no other room.
  public var restBeforeSpare: Duration = .seconds(60)
  /// The longest rest after spares that did not survive their start.
  public var longestRest: Duration = .seconds(60)

  public init() {}
}

/// What the pool holds and has done.
public struct PoolStatistics: Sendable, Equatable {
  /// Processes alive, those on their way down included.
  public var live = 0
  /// Of these, processes that wait for their session's next turn.
  public var idle = 0
  /// Of these, processes that have served no turn.
  public var spare = 0
  /// Processes started since the server was.
  public var spawned = 0
  /// Turns that found a process: a spare, or their session's own.
  public var reused = 0
  /// Processes that were taken down in the middle of a turn.
  public var killed = 0
  /// Processes that ended before they had said anything.
  public var crashed = 0
  /// Whether spares are not started for now, because they do not survive.
  public var isResting = false

  public init() {}
}
