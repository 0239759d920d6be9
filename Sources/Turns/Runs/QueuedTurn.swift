import Identity
package import ClaudeCode
package import EventLoop

/// A turn that waits for its session, a slot or a process.
@Reactor
package final class QueuedTurn {
  package let origin: RunOrigin
  package let journal: RunJournal?
  /// Ends the wait.
  package let cancellation = CancellationSignal()
  package private(set) var wasCancelled = false

  package init(_ asked: RequestedTurn, createdAt: Int) {
    journal = asked.journal
    origin = RunOrigin(
      principal: asked.caller.principal.id, surface: asked.surface.rawValue, requestID: asked.caller.requestID,
      createdAt: createdAt, ownerID: asked.journal?.id)
  }

  /// Ends the wait. The journal has the end at once.
  package func cancel() {
    guard !wasCancelled else { return }
    wasCancelled = true
    journal?.end(.failed(ClaudeError(.cancelled, "The run was cancelled", reachedCLI: false)))
    cancellation.cancel()
  }
}
