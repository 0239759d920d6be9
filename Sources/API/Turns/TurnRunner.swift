import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
import HTTPServer
import Identity
public import Telemetry

/// Runs a turn for one request and makes its answer: the part of every route between decoding and encoding.
@Reactor
public final class TurnRunner {
  let executor: ClaudeExecutor
  private let turns: TurnFactory
  private let scheduler: any Scheduler
  private let newID: @Reactor () -> String
  private let clock: @Sendable () -> Timestamp
  private let retryGrace: Duration
  private let repeats: RepeatedRequests
  /// Requests whose turns wait for their beginning, by the turns' ids.
  private(set) var queue: [String: QueuedTurn] = [:]

  /// - Parameters:
  ///   - retryGrace: how long a run goes on when a client that repeats its requests leaves before its answer.
  ///   - clock: the wall clock.
  public init(
    executor: ClaudeExecutor, turns: TurnFactory, scheduler: any Scheduler = Loop.main,
    retryGrace: Duration = .seconds(2), repeats: RepeatedRequests? = nil,
    clock: @escaping @Sendable () -> Timestamp, newID: @escaping @Reactor () -> String
  ) {
    self.executor = executor
    self.turns = turns
    self.scheduler = scheduler
    self.retryGrace = retryGrace
    self.clock = clock
    self.newID = newID
    self.repeats = repeats ?? RepeatedRequests(scheduler: scheduler)
  }

  /// The run of a request that is here for the second time; nil for one that is new.
  ///
  /// - Throws: `RequestError` 422 for another request under the same idempotency key.
  func recording(of key: RequestKey?) throws -> RunRecording? {
    guard let key, key.isRepeated else { return nil }
    return try repeats.recording(of: key)
  }

  /// Streams the run through an encoder. Returns when there is something to send, or the patience for it is spent.
  ///
  /// - Parameters:
  ///   - encoder: made when the run has its session.
  ///   - onEnd: called when the run has ended.
  /// - Throws: `RequestError` for what failed before.
  func stream<Encoder: RunEncoder>(
    _ asked: RequestedTurn, encoder: @Reactor (Run) -> Encoder,
    onEnd: @escaping @Reactor (Run, Encoder, RunOutcome) -> Void
  ) async throws -> HTTPResponse {
    let context = asked.context
    do throws(ClaudeError) {
      var made: RunStream<Encoder>?
      let run = try await start(asked) { run, attach in
        let stream = RunStream(encoder(run), scheduler: scheduler, grace: grace(asked)) { onEnd(run, $0, $1) }
        made = stream
        stream.follow(attach(stream))
      }
      guard let made else { preconditionFailure("run \(run.id) was started without its observer") }
      // From here on the client's leaving is the stream's business.
      context.departure.whenCancelled { made.clientDidLeave() }
      try await made.untilReady()
      mark(run, asked)
      return .eventStream(made)
    } catch {
      throw rendered(error, context)
    }
  }

  /// Streams what stands in a journal, from its beginning, and what is still to come.
  ///
  /// - Parameter skipped: how many entries the encoder has had already.
  /// - Throws: `RequestError` for what failed before there was anything to send.
  func replay(
    _ journal: RunJournal, _ encoder: some RunEncoder, skipping skipped: Int = 0, _ context: RequestContext
  ) async throws -> HTTPResponse {
    let stream = RunStream(encoder, scheduler: scheduler) { _, _ in }
    stream.follow(journal.add(stream, skipping: skipped))
    context.departure.whenCancelled { stream.clientDidLeave() }
    do throws(ClaudeError) {
      try await stream.untilReady()
      return .eventStream(stream)
    } catch {
      throw rendered(error, context)
    }
  }

  /// Runs the turn to its end, for an answer that is given whole.
  ///
  /// - Parameter encoder: made when the run has its session.
  /// - Returns: the run, what the encoder knows in the end, and how it ended (see `RunCollector.collected`).
  /// - Throws: `RequestError`.
  func collect<Encoder: RunEncoder>(
    _ asked: RequestedTurn, encoder: @Reactor (Run) -> Encoder
  ) async throws -> (Run, Encoder, RunOutcome) {
    let context = asked.context
    do throws(ClaudeError) {
      var made: (collector: RunCollector<Encoder>, source: any RunSource)?
      let run = try await start(asked) { run, attach in
        let collector = RunCollector(encoder(run))
        made = (collector, attach(collector))
      }
      guard let (collector, source) = made else {
        preconditionFailure("run \(run.id) was started without its observer")
      }
      context.departure.whenCancelled { [self] in
        let leave: @Reactor () -> Void = {
          source.remove(collector)
          collector.abandon()
        }
        if let grace = grace(asked) { _ = scheduler.schedule(after: grace, leave) } else { leave() }
      }
      let (read, outcome) = try await collector.collected()
      mark(run, asked)
      return (run, read, outcome)
    } catch {
      throw rendered(error, context)
    }
  }

  /// Begins a run that goes on without its client: what it says is in its journal, also why it could not begin.
  ///
  /// - Throws: what was also written there.
  func startKept(
    _ asked: RequestedTurn, _ observe: @Reactor (Run, Attach) -> Void
  ) async throws(ClaudeError) -> Run {
    try await start(asked, endsWithClient: false, observe)
  }

  /// Ends the run of a journal, or its waiting to begin.
  func cancel(_ journal: RunJournal) {
    for queued in queue.values where queued.journal === journal { queued.cancel() }
    journal.cancel()
  }

  private func grace(_ asked: RequestedTurn) -> Duration? { asked.key == nil ? nil : retryGrace }

  /// What is known of the run when its answer begins: how long that took, as OpenAI names it.
  private func mark(_ run: Run, _ asked: RequestedTurn) {
    let context = asked.context
    context.setResponseField("openai-processing-ms", String((scheduler.now - context.startedAt).milliseconds))
    guard run.tellsHistoryInWords else { return }
    // The session is another one, perhaps, than when the run began.
    turns.began(run, for: asked.principal, context)
    context.setResponseField(
      "x-claude-warning", "the history is told in words: this CLI does not take it as a transcript")
  }

  /// Adds an observer, and says what it has to be taken from when it leaves.
  typealias Attach = @Reactor (any RunObserver) -> any RunSource

  /// - Parameter observe: called once, before the CLI says anything, to attach whoever is to hear it.
  private func start(
    _ asked: RequestedTurn, endsWithClient: Bool = true, _ observe: @Reactor (Run, Attach) -> Void
  ) async throws(ClaudeError) -> Run {
    guard let work = asked.takeWork() else { preconditionFailure("a request's work was started twice") }
    switch work {
    case .turn(var turn):
      turn.principal = asked.principal.id
      return try await begin(turn, asked, endsWithClient, observe)
    case .resumption(let run, let results, let content):
      do throws(ClaudeError) {
        try executor.resume(run, results, content: content) {
          turns.began(run, for: asked.principal, asked.context)
          run.origin?.requestIDs.append(asked.context.requestID)
          attach(run, asked, isWholeTurn: false, observe)
        }
        return run
      } catch {
        // The run's own journal stays open.
        if asked.journal?.state == .queued { asked.journal?.end(.failed(error)) }
        throw error
      }
    case .repetition(let recording):
      guard recording.isWhole else {
        throw ClaudeError(
          .failed, "The request is answered already, and its answer is too long to be given again", reachedCLI: true)
      }
      asked.context.setResponseField("x-session-id", recording.run.sessionID)
      asked.context.logger.info("request repeated", ["run": .string(recording.run.id)])
      observe(recording.run) { recording.replay(to: $0) }
      return recording.run
    }
  }

  private func begin(
    _ turn: Turn, _ asked: RequestedTurn, _ endsWithClient: Bool, _ observe: @Reactor (Run, Attach) -> Void
  ) async throws(ClaudeError) -> Run {
    let id = "run_\(newID())"
    let queued = QueuedTurn(asked, createdAt: clock().milliseconds)
    queue[id] = queued
    let departure = asked.context.departure
    let token = endsWithClient ? departure.whenCancelled { queued.departure.cancel() } : nil
    defer {
      queue[id] = nil
      if let token { departure.forget(token) }
    }
    // It may have to wait, and until it has begun another request would find the session where it stands now.
    let session: String? = if case .resume(let session) = turn.session { session } else { nil }
    if let session { turns.sessions.claim(session) }
    do throws(ClaudeError) {
      let run = try await executor.run(
        turn, id: id, departure: queued.departure, logger: asked.context.logger
      ) { run in
        run.origin = queued.origin
        turns.began(run, for: asked.principal, asked.context)
        attach(run, asked, isWholeTurn: true, observe)
      }
      // It was cancelled too late to be stopped on its way.
      if queued.wasCancelled { run.cancel() }
      return run
    } catch {
      if let session { turns.sessions.release(session) }
      if asked.journal?.isOver == false { asked.journal?.end(.failed(error)) }
      throw error
    }
  }

  private func attach(
    _ run: Run, _ asked: RequestedTurn, isWholeTurn: Bool, _ observe: @Reactor (Run, Attach) -> Void
  ) {
    if let key = asked.key { repeats.record(run, isWholeTurn: isWholeTurn, in: asked.journal, for: key) }
    guard let journal = asked.journal else {
      return observe(run) { observer in
        run.add(observer)
        return run
      }
    }
    run.add(journal)
    journal.follow(run)
    observe(run) { journal.add($0) }
  }

  func rendered(_ error: ClaudeError, _ context: RequestContext) -> RequestError {
    let rendered = RequestError(error)
    context.logger.warn(
      "turn failed", ["status": .number(String(rendered.status)), "reason": .string(error.message)])
    return rendered
  }
}

/// A turn that waits for its session, a slot or a process.
@Reactor
final class QueuedTurn {
  let origin: RunOrigin
  let journal: RunJournal?
  /// Ends the waiting.
  let departure = CancellationSignal()
  private(set) var wasCancelled = false

  init(_ asked: RequestedTurn, createdAt: Int) {
    journal = asked.journal
    origin = RunOrigin(
      principal: asked.principal.id, surface: asked.surface.rawValue, requestID: asked.context.requestID,
      createdAt: createdAt, ownerID: asked.journal?.id)
  }

  /// Whoever looks at its journal sees the end at once.
  func cancel() {
    guard !wasCancelled else { return }
    wasCancelled = true
    journal?.end(.failed(ClaudeError(.cancelled, "The run was cancelled", reachedCLI: false)))
    departure.cancel()
  }
}
