package import Bytes
package import ClaudeCode
package import EventLoop
package import Identity

/// A run as lists show it.
package struct ListedRun: Sendable, Equatable {
  package let runID: String?
  package let requestIDs: [String]
  package let surface: String
  package let status: String
  package let sessionID: String?
  package let createdAt: Int
  /// The agent or response it belongs to.
  package let ownerID: String?

  /// The id of the latest request for it.
  package var id: String { requestIDs.last ?? "" }
  /// A unique key.
  package var key: String { runID ?? ownerID ?? "" }

  package var json: JSONValue {
    [
      "id": .string(id), "object": "run", "run_id": JSONValue(runID), "surface": .string(surface),
      "status": .string(status), "session_id": JSONValue(sessionID), "created_at": JSONValue(createdAt / 1000),
      "belongs_to": JSONValue(ownerID),
    ]
  }
}

extension ListedRun {
  @Reactor
  package init(_ journal: RunJournal) {
    self.init(
      runID: nil, requestIDs: [journal.requestID], surface: journal.surface, status: journal.state.name,
      sessionID: journal.sessionID, createdAt: journal.createdAt, ownerID: journal.id)
  }

  @Reactor
  package init(_ run: Run, _ origin: RunOrigin) {
    self.init(
      runID: run.id, requestIDs: origin.requestIDs, surface: origin.surface,
      status: run.openCalls.isEmpty ? "running" : "parked", sessionID: run.sessionID, createdAt: origin.createdAt,
      ownerID: origin.ownerID)
  }

  @Reactor
  package init(_ queued: QueuedTurn, _ runID: String) {
    self.init(
      runID: runID, requestIDs: queued.origin.requestIDs, surface: queued.origin.surface, status: "queued",
      sessionID: nil, createdAt: queued.origin.createdAt, ownerID: queued.origin.ownerID)
  }
}

extension TurnRunner {
  /// A principal's queued and running runs.
  package func listed(for principal: Principal) -> [ListedRun] {
    let waiting = queue.filter { $1.origin.principal == principal.id }.map { ListedRun($1, $0) }
    let running = executor.runsUnderWay.compactMap { run in
      run.origin.flatMap { $0.principal == principal.id ? ListedRun(run, $0) : nil }
    }
    return waiting + running
  }

  /// Cancels the runs of a request, or the run with this id, queued ones included.
  ///
  /// - Returns: whether there were any.
  package func cancel(_ id: String, for principal: Principal) -> Bool {
    let waiting = queue.filter {
      $1.origin.principal == principal.id && ($0 == id || $1.origin.requestIDs.contains(id))
    }
    let running = executor.runsUnderWay.filter { run in
      guard let origin = run.origin, origin.principal == principal.id else { return false }
      return run.id == id || origin.requestIDs.contains(id)
    }
    for queued in waiting.values { queued.cancel() }
    for run in running { run.cancel() }
    return !waiting.isEmpty || !running.isEmpty
  }
}
