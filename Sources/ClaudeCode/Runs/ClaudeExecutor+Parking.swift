import EventLoop

// MARK: Parked runs

extension ClaudeExecutor {
  /// Runs that wait for their client.
  public var parkedRuns: Int { runs.all.count { !$0.openCalls.isEmpty } }

  /// How many processes there may be.
  public var processLimit: Int { configuration.pool.processes }

  /// Takes a parked run for a request that brings its results. The run still has its process and its session, and gets
  /// a slot. Add the observers, then call `Run.resume`.
  ///
  /// - Throws: `failed` if the run was resumed already, or has ended.
  public func claim(_ run: Run) throws(ClaudeError) {
    guard run.claim() else {
      throw ClaudeError(
        .failed, "The turn that waited for these results was resumed already, or has ended", reachedCLI: true)
    }
    slots.occupy(run.turn.principal)
  }

  /// Ends a parked run of a principal that holds its whole share of the processes, so that a new turn of this principal
  /// takes nothing from the others.
  func keepShare(of principal: String) {
    let own = runs.all.filter { $0.turn.principal == principal }
    guard configuration.turns.reserved > 0, own.count >= processLimit - configuration.turns.reserved else { return }
    evict(own)
  }

  /// Ends the run among `candidates` that has been parked for the longest time. Its client's results are answered from
  /// the history that comes with them.
  private func evict(_ candidates: [Run]) {
    let parked = candidates.filter { !$0.openCalls.isEmpty }
    guard let run = parked.min(by: { ($0.parkedSince, $0.id) < ($1.parkedSince, $1.id) }) else { return }
    run.evict()
  }
}

extension ClaudeExecutor: ProcessPoolDelegate {
  /// A run parked on a function call gives up its process: one of the principal with the most parked runs. A run that
  /// waits for a permission is ended only if there is no other, because nothing can continue it.
  func poolNeedsRoom() {
    let parked = runs.all.filter { !$0.openCalls.isEmpty }
    let continuable = parked.filter(\.canContinueFromHistory)
    let candidates = continuable.isEmpty ? parked : continuable
    let counts = candidates.reduce(into: [:]) { $0[$1.turn.principal, default: 0] += 1 }
    let most = counts.values.max()
    evict(candidates.filter { counts[$0.turn.principal] == most })
  }
}
