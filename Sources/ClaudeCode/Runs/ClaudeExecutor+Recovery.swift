import Bytes
import EventLoop
import System
import Telemetry

extension ClaudeExecutor: RunDelegate {
  func runDidPark(_ run: Run) {
    slots.leave(run.turn.principal)
    // The client's results can no longer come.
    if isShuttingDown { return run.fail(.interrupted) }
    if pool.isRoomWanted { poolNeedsRoom() }
  }

  func runDidEnd(_ run: Run, _ process: ClaudeProcess?, _ ending: ProcessPool.Ending) {
    guard runs.remove(run.id) != nil else { return }
    if !run.wasParked { slots.leave(run.turn.principal) }
    let leave: @Reactor () -> Void = { [sessions, turnObservers, settings = pool.launcher.settings] in
      settings.turnEnded()
      for observer in turnObservers { observer.turnDidEnd(run, cost: process?.turnCost ?? 0) }
      sessions.leave(run.sessionID)
    }
    // Not earlier: until it is idle or gone the process may still write the session's transcript.
    if let process { pool.giveBack(process, ending, onFree: leave) } else { leave() }
    if runs.isEmpty { idleness.begin() }
  }

  func runDidLoseProcess(_ run: Run) {
    if case .new = run.turn.session {
      restart(run, .new(id: run.sessionID))
    } else {
      restart(run, .resume(id: run.sessionID))
    }
  }

  func runWasRefused(_ run: Run) {
    guard case .imported(_, _, let fallback) = run.turn.session else { return }
    takesTranscripts = false
    logger.error("the CLI does not accept our transcripts; histories are sent as text", ["run": .string(run.id)])
    if let process = run.detachProcess() {
      pool.giveBack(process, .broken(.prompt(timeout: configuration.timeouts.kill))) {}
    }
    Task.onLoop { [self] in
      let content = await OffLoop.shared.run(on: fallback.size) { fallback.content }
      guard runs[run.id] === run else { return }
      let refused = run.sessionID
      sessions.leave(refused)
      let session = newID()
      sessions.occupy(session)
      run.fallBack(to: content, in: session)
      runs.move(run, from: refused)
      restart(run, .new(id: session))
    }
  }

  /// Gives the run another process.
  private func restart(_ run: Run, _ session: Turn.Session) {
    Task.onLoop { [self] in
      do throws(ClaudeError) {
        let lease = try await pool.start(session, fingerprint(of: run.turn), cancellation: CancellationSignal())
        if runs[run.id] != nil { run.restart(on: lease) } else { pool.giveBackUnused(lease) }
      } catch {
        run.fail(error)
      }
    }
  }
}

// MARK: Transcripts

extension ClaudeExecutor {
  /// Writes the transcript of an imported session. Where the CLI does not accept it, puts the conversation into the prompt
  /// instead.
  ///
  /// - Returns: whether the prompt has the conversation.
  func prepareTranscript(_ turn: inout Turn, _ fingerprint: Fingerprint) async -> Bool {
    guard case .imported(let id, let transcript, let fallback) = turn.session else { return false }
    if takesTranscripts {
      do throws(SystemCallError) {
        try await pool.launcher.write(transcript, for: id, fingerprint)
        return false
      } catch {
        logger.error("a transcript cannot be written; the history is sent as text", ["error": .string("\(error)")])
      }
    }
    turn.session = .new(id: id)
    turn.content = await OffLoop.shared.run(on: fallback.size) { fallback.content }
    return true
  }
}
