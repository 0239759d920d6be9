import EventLoop

/// What a run needs from its executor.
@Reactor
protocol RunDelegate: AnyObject {
  /// The run waits for its client.
  func runDidPark(_ run: Run)
  /// The run has ended. `process` goes back to the pool; nil if the run has none.
  func runDidEnd(_ run: Run, _ process: ClaudeProcess?, _ ending: ProcessPool.Ending)
  /// The process was gone before the turn began. `Run.restart` continues the run on another one.
  func runDidLoseProcess(_ run: Run)
  /// The CLI does not know the session whose transcript was written for it. `Run.fallBack` and `Run.restart` continue the
  /// run in a new session.
  func runWasRefused(_ run: Run)
}
