package import ClaudeCode
package import EventLoop

/// A run that has not begun, or is still parked: observers that are added lose nothing.
@Reactor
package struct StartedTurn {
  /// What observers are added to.
  enum Observed {
    case run(Run)
    /// It has all events of the run.
    case journal(RunJournal)
    /// The same for a retried request.
    case recording(RunRecording)
  }

  package let run: Run
  private let observed: Observed
  private let action: @Reactor () -> Void

  init(_ run: Run, observed: Observed, begin action: @escaping @Reactor () -> Void) {
    self.run = run
    self.observed = observed
    self.action = action
  }

  /// Adds an observer.
  ///
  /// - Returns: what the observer has to be removed from when it leaves.
  @discardableResult
  package func add(_ observer: any RunObserver) -> any RunSource {
    switch observed {
    case .run(let run):
      run.add(observer)
      return run
    case .journal(let journal): return journal.add(observer)
    case .recording(let recording): return recording.replay(to: observer)
    }
  }

  /// Begins or resumes the run. To be called once, when the observers are added.
  package func begin() { action() }
}
