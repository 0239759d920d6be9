import EventLoop

extension ClaudeExecutor {
  public func state(of session: String) -> SessionState {
    if let run = runs.run(in: session) {
      return run.openCalls.isEmpty ? .running : .parked(calls: run.openCalls)
    }
    return pool.state(of: session)
  }

  /// Where the CLI keeps the transcript of a session that works in `directory`; nil if it can have none.
  public func transcript(of session: String, in directory: String) -> TranscriptLocation? {
    pool.launcher.transcript(of: session, in: directory)
  }

  /// Ends the process that is kept for the session's next turn, if there is one.
  public func endIdleProcess(of session: String) { pool.endIdle(session) }

  /// Ends a session for good: waiting turns are refused, its run is cancelled, its process is ended.
  ///
  /// - Parameter action: called after that and before another turn can ask for the session.
  /// - Throws: `ClaudeError` if the session is being ended already; what `action` throws.
  public func end(_ session: String, then action: @Reactor () async throws -> Void) async throws {
    guard ending.insert(session).inserted else { throw ClaudeError.noSession(session) }
    defer { ending.remove(session) }
    sessions.dismissWaiting(session, .noSession(session))
    runs.run(in: session)?.cancel()
    try await sessions.enter(session, cancellation: CancellationSignal())
    defer { sessions.leave(session) }
    await pool.end(session)
    try await action()
  }
}
