/// How many processes are kept, and how long.
public struct PoolLimits: Sendable, Equatable {
  /// Processes alive at the same time (`CLAUDE_MAX_PROCESSES`). One takes about 200 MB.
  public var processes = 16
  /// Spares for each fingerprint in use (`CLAUDE_POOL_SPARES`).
  public var spares = 1
  /// Universal spares of each kind, for turns that no other spare fits.
  public var universalSpares = 0
  /// How long the claim of a universal spare may take once the process is up.
  public var claim: Duration = .seconds(2)
  /// Fingerprints in use at the same time; the one unused for the longest time is dropped first.
  public var fingerprints = 8
  /// How long a process is kept for its session's next turn (`CLAUDE_SESSION_IDLE_MS`); zero to end it with its turn.
  public var sessionIdle: Duration = .seconds(600)
  /// Idle processes at the same time (`CLAUDE_MAX_IDLE`); the one unused for the longest time is ended first.
  public var idle = 8
  /// Free memory, in bytes, below which idle processes and spares are ended, and no spares are started.
  public var memoryReserve = 0
  /// How often free memory is checked while there are idle processes or spares.
  public var memoryInterval: Duration = .seconds(5)
  /// How old a spare may become. Settings and login may have changed since it was started.
  public var spareAge: Duration = .seconds(1800)
  /// How long an interrupted process may take to end its turn.
  public var interrupt: Duration = .seconds(1)
  /// Processes that start at the same time: two cores start sixteen in 8 s, but one in under 1 s.
  public var starts = 2
  /// When a start counts as finished even though the process has emitted nothing.
  public var start: Duration = .seconds(5)
  /// How long a turn waits for a start or for room (`CLAUDE_QUEUE_TIMEOUT_MS`).
  public var timeout: Duration = .seconds(8)
  /// How long a spare is missing before it is replaced: the turn that took it has the machine first.
  public var replenishDelay: Duration = .milliseconds(250)
  /// How long a session must have rested before its process makes room for a spare.
  public var restBeforeSpare: Duration = .seconds(60)
  /// The longest rest after crashes of spares.
  public var longestRest: Duration = .seconds(60)

  public init() {}
}

/// What the pool has and has done.
public struct PoolStatistics: Sendable, Equatable {
  /// Processes alive, those in teardown included.
  public var live = 0
  /// Of these, processes that are kept for their session's next turn.
  public var idle = 0
  /// Of these, processes that have served no turn.
  public var spare = 0
  /// Of these, spares that any turn of their kind can claim.
  public var universal = 0
  /// Processes started since the server started.
  public var spawned = 0
  /// Turns that found a process: a spare, or their session's own.
  public var reused = 0
  /// Processes that were ended in the middle of a turn.
  public var killed = 0
  /// Processes that exited before they emitted anything.
  public var crashed = 0
  /// Whether no spares are started for now, because some have crashed.
  public var isResting = false

  public init() {}
}
