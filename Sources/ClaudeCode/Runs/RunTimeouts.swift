/// The time limits of a run.
public struct RunTimeouts: Sendable, Equatable {
  /// From start to result (`CLAUDE_TOTAL_TIMEOUT_MS`).
  public var total: Duration
  /// The longest silence of the CLI (`CLAUDE_INACTIVITY_TIMEOUT_MS`).
  public var inactivity: Duration
  /// For each step of a teardown (`PROCESS_KILL_TIMEOUT_MS`).
  public var kill: Duration
  /// How long an empty result is held back: some CLIs print one before the real one.
  public var emptyResult: Duration

  /// How long a parked run waits for the client's results (`TOOL_RESULT_TIMEOUT_MS`).
  public var toolResult: Duration

  public init(
    total: Duration = .seconds(3600), inactivity: Duration = .seconds(300), kill: Duration = .seconds(5),
    emptyResult: Duration = .seconds(2), toolResult: Duration = .seconds(600)
  ) {
    self.total = total
    self.inactivity = inactivity
    self.kill = kill
    self.emptyResult = emptyResult
    self.toolResult = toolResult
  }
}
