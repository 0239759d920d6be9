import Bytes
public import ClaudeCode
public import EventLoop
import Identity
public import Telemetry

/// Gets the run for a request: the part of every route between decoding and encoding.
@Reactor
public final class TurnRunner {
  package let executor: ClaudeExecutor
  private let turns: TurnFactory
  package let scheduler: any Scheduler
  private let newID: @Reactor () -> String
  private let clock: @Sendable () -> Timestamp
  private let retryGrace: Duration
  private let repeats: IdempotencyCache
  /// Turns that wait to begin, by the ids of their runs.
  package private(set) var queue: [String: QueuedTurn] = [:]

  /// - Parameters:
  ///   - retryGrace: how long a run continues when a client that retries leaves before the answer.
  ///   - clock: the wall clock.
  public init(
    executor: ClaudeExecutor, turns: TurnFactory, scheduler: any Scheduler = Loop.main,
    retryGrace: Duration = .seconds(2), repeats: IdempotencyCache? = nil,
    clock: @escaping @Sendable () -> Timestamp, newID: @escaping @Reactor () -> String
  ) {
    self.executor = executor
    self.turns = turns
    self.scheduler = scheduler
    self.retryGrace = retryGrace
    self.clock = clock
    self.newID = newID
    self.repeats = repeats ?? IdempotencyCache(scheduler: scheduler)
  }

  /// The run of a retried request; nil for a new request.
  ///
  /// - Throws: `RequestError` 422 for another request with the same idempotency key.
  package func recording(of key: IdempotencyKey?) throws -> RunRecording? {
    guard let key, key.isRepeated else { return nil }
    return try repeats.recording(of: key)
  }

  /// Cancels the run of a journal, queued or running.
  ///
  /// - Parameter endsProcess: whether the process of its session ends too.
  package func cancel(_ journal: RunJournal, endsProcess: Bool = false) {
    for queued in queue.values where queued.journal === journal { queued.cancel() }
    journal.cancel(endsProcess: endsProcess)
    if endsProcess, let session = journal.sessionID { executor.endIdleProcess(of: session) }
  }

  /// How long the run continues when its client leaves before the answer; nil to end it at once.
  package func grace(_ asked: RequestedTurn) -> Duration? { asked.key == nil ? nil : retryGrace }

  /// The run has moved to a session of its own, which is known from now on.
  package func movedSession(_ run: Run, _ asked: RequestedTurn) { turns.began(run, for: asked.caller.principal) }

  /// Gets the run that a request asks for: a new one, a parked one, or that of the earlier request. The caller's
  /// cancellation ends the wait for a place; after that the observers decide what becomes of the run.
  ///
  /// - Returns: the run, which has not begun: add the observers, then call `StartedTurn.begin`.
  /// - Throws: why there is none; the journal has the error, too.
  package func start(_ asked: RequestedTurn) async throws(ClaudeError) -> StartedTurn {
    // The turn is large: it stays out of this frame, which every waiting request keeps.
    guard asked.beginsRun else { return try join(asked) }
    let run = try await newRun(asked)
    return StartedTurn(run, observed: observed(run, asked, isWholeTurn: true)) { run.start() }
  }

  /// Joins a parked run, or that of an earlier request.
  private func join(_ asked: RequestedTurn) throws(ClaudeError) -> StartedTurn {
    switch asked.takeWork() {
    case .turn: preconditionFailure("a new turn has no run to join")
    case .resumption(let run, let results, let content):
      try claim(run, asked)
      return StartedTurn(run, observed: observed(run, asked, isWholeTurn: false)) { run.resume(results, content) }
    case .repetition(let recording):
      guard recording.isWhole else {
        throw ClaudeError(
          .failed, "The request was answered already, and its answer is too long to be replayed", reachedCLI: true)
      }
      asked.caller.logger.info("request repeated", ["run": .string(recording.run.id)])
      return StartedTurn(recording.run, observed: .recording(recording)) {}
    }
  }

  private func claim(_ run: Run, _ asked: RequestedTurn) throws(ClaudeError) {
    do throws(ClaudeError) {
      try executor.claim(run)
    } catch {
      // The journal of the run itself stays open.
      if asked.journal?.state == .queued { asked.journal?.end(.failed(error)) }
      throw error
    }
    turns.began(run, for: asked.caller.principal)
    run.origin?.requestIDs.append(asked.caller.requestID)
  }

  private func newRun(_ asked: RequestedTurn) async throws(ClaudeError) -> Run {
    let id = "run_\(newID())"
    let queued = QueuedTurn(asked, createdAt: clock().milliseconds)
    queue[id] = queued
    let token = asked.caller.cancellation.whenCancelled { queued.cancellation.cancel() }
    defer {
      queue[id] = nil
      asked.caller.cancellation.forget(token)
    }
    // Another request must not find the session by its history while this turn waits.
    let session = asked.sessionID
    if let session { turns.sessions.claim(session) }
    do throws(ClaudeError) {
      let run = try await executor.run(
        turn(of: asked), id: id, cancellation: queued.cancellation, logger: asked.caller.logger)
      run.origin = queued.origin
      turns.began(run, for: asked.caller.principal)
      // The cancellation came too late to end the wait.
      if queued.wasCancelled { run.cancel() }
      return run
    } catch {
      if let session { turns.sessions.release(session) }
      if asked.journal?.isOver == false { asked.journal?.end(.failed(error)) }
      throw error
    }
  }

  private func turn(of asked: RequestedTurn) -> Turn {
    guard case .turn(var turn) = asked.takeWork() else { preconditionFailure("a joined run has no new turn") }
    turn.principal = asked.caller.principal.id
    return turn
  }

  /// Adds the observers that keep the run's events, before all others: the recording of a request that may be retried,
  /// and the journal.
  private func observed(_ run: Run, _ asked: RequestedTurn, isWholeTurn: Bool) -> StartedTurn.Observed {
    if let key = asked.key { repeats.record(run, isWholeTurn: isWholeTurn, in: asked.journal, for: key) }
    guard let journal = asked.journal else { return .run(run) }
    run.add(journal)
    journal.follow(run)
    return .journal(journal)
  }
}
