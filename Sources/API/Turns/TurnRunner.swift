import Telemetry
import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
import HTTPServer
import Identity

/// Runs a turn for one request and makes its answer: the part of every route between decoding and encoding.
@Reactor
public final class TurnRunner {
  private let executor: ClaudeExecutor
  private let turns: TurnFactory
  private let scheduler: any Scheduler
  private let newID: @Reactor () -> String
  private let retryGrace: Duration
  private let repeats: RepeatedRequests

  /// - Parameter retryGrace: how long a run goes on when a client that repeats its requests leaves before its answer.
  public init(
    executor: ClaudeExecutor, turns: TurnFactory, scheduler: any Scheduler = Loop.main,
    retryGrace: Duration = .seconds(2), repeats: RepeatedRequests? = nil, newID: @escaping @Reactor () -> String
  ) {
    self.executor = executor
    self.turns = turns
    self.scheduler = scheduler
    self.retryGrace = retryGrace
    self.newID = newID
    self.repeats = repeats ?? RepeatedRequests(scheduler: scheduler)
  }

  /// The run of a request that is here for the second time; nil for one that is new.
  func recording(of key: RequestKey?) -> RunRecording? {
    guard let key, key.isRepeated else { return nil }
    return repeats.recording(of: key)
  }

  /// Streams the run through an encoder. Returns when there is something to send, or the patience for it is spent.
  ///
  /// - Parameters:
  ///   - encoder: made when the run has its session.
  ///   - onEnd: called when the run has ended.
  /// - Throws: `HTTPError` for what failed before.
  func stream<Encoder: RunEncoder>(
    _ asked: RequestedTurn, encoder: @Reactor (Run) -> Encoder,
    onEnd: @escaping @Reactor (Run, Encoder, RunOutcome) -> Void
  ) async throws -> HTTPResponse {
    let context = asked.context
    do throws(ClaudeError) {
      let (run, stream) = try await begin(asked, encoder, onEnd)
      // From here on the client's leaving is the stream's business.
      context.departure.whenCancelled { stream.clientDidLeave() }
      try await stream.untilReady()
      mark(run, asked)
      return .eventStream(stream)
    } catch {
      throw rendered(error, context)
    }
  }

  private func begin<Encoder: RunEncoder>(
    _ asked: RequestedTurn, _ encoder: @Reactor (Run) -> Encoder,
    _ onEnd: @escaping @Reactor (Run, Encoder, RunOutcome) -> Void
  ) async throws(ClaudeError) -> (Run, RunStream<Encoder>) {
    var made: RunStream<Encoder>?
    let run = try await start(asked) { run in
      let stream = RunStream(encoder(run), scheduler: scheduler, grace: grace(asked)) { onEnd(run, $0, $1) }
      stream.follow(run)
      made = stream
      return stream
    }
    guard let made else { preconditionFailure("run \(run.id) was started without its observer") }
    return (run, made)
  }

  /// Runs the turn to its end, for an answer that is given whole.
  ///
  /// - Parameter encoder: made when the run has its session.
  /// - Returns: the run, what the encoder knows in the end, and how it ended (see `RunCollector.collected`).
  /// - Throws: `HTTPError`.
  func collect<Encoder: RunEncoder>(
    _ asked: RequestedTurn, encoder: @Reactor (Run) -> Encoder
  ) async throws -> (Run, Encoder, RunOutcome) {
    let context = asked.context
    do throws(ClaudeError) {
      let (run, observer) = try await begin(asked, encoder)
      context.departure.whenCancelled { [self] in
        let leave: @Reactor () -> Void = {
          run.remove(observer)
          observer.abandon()
        }
        if let grace = grace(asked) { _ = scheduler.schedule(after: grace, leave) } else { leave() }
      }
      let (read, outcome) = try await observer.collected()
      mark(run, asked)
      return (run, read, outcome)
    } catch {
      throw rendered(error, context)
    }
  }

  private func begin<Encoder: RunEncoder>(
    _ asked: RequestedTurn, _ encoder: @Reactor (Run) -> Encoder
  ) async throws(ClaudeError) -> (Run, RunCollector<Encoder>) {
    var made: RunCollector<Encoder>?
    let run = try await start(asked) { run in
      let collector = RunCollector(encoder(run))
      made = collector
      return collector
    }
    guard let made else { preconditionFailure("run \(run.id) was started without its observer") }
    return (run, made)
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

  private func start(
    _ asked: RequestedTurn, _ observe: @Reactor (Run) -> any RunObserver
  ) async throws(ClaudeError) -> Run {
    switch asked.work {
    case .turn(let turn):
      return try await executor.run(
        turn, id: "run_\(newID())", departure: asked.context.departure, logger: asked.context.logger
      ) { run in
        turns.began(run, for: asked.principal, asked.context)
        if let key = asked.key { repeats.record(run, isWholeTurn: true, for: key) }
        return observe(run)
      }
    case .resumption(let run, let results, let content):
      turns.began(run, for: asked.principal, asked.context)
      executor.resume(run, results, content: content, observer: observe(run)) {
        if let key = asked.key { repeats.record(run, isWholeTurn: false, for: key) }
      }
      return run
    case .repetition(let recording):
      guard recording.isWhole else {
        throw ClaudeError(
          .failed, "The request is answered already, and its answer is too long to be given again", reachedCLI: true)
      }
      asked.context.setResponseField("x-session-id", recording.run.sessionID)
      asked.context.logger.info("request repeated", ["run": .string(recording.run.id)])
      recording.replay(to: observe(recording.run))
      return recording.run
    }
  }

  func rendered(_ error: ClaudeError, _ context: RequestContext) -> HTTPError {
    let rendered = HTTPError(error)
    context.logger.warn(
      "turn failed", ["status": .number(String(rendered.status.rawValue)), "reason": .string(error.message)])
    return rendered
  }
}
