import Telemetry
import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
import HTTPServer

/// Runs a turn for one request and makes its answer: the part of every route between decoding and encoding.
@Reactor
public final class TurnRunner {
  private let executor: ClaudeExecutor
  private let scheduler: any Scheduler
  private let newID: @Reactor () -> String

  public init(
    executor: ClaudeExecutor, scheduler: any Scheduler = Loop.main, newID: @escaping @Reactor () -> String
  ) {
    self.executor = executor
    self.scheduler = scheduler
    self.newID = newID
  }

  /// Streams the run through `encoder`. Returns when there is something to send, or the patience for it is spent.
  ///
  /// - Parameter onEnd: called when the run has ended.
  /// - Throws: `HTTPError` for what failed before.
  func stream<Encoder: RunEncoder>(
    _ turn: Turn, _ context: RequestContext, encoder: Encoder,
    onEnd: @escaping @Reactor (Encoder, RunOutcome) -> Void
  ) async throws -> HTTPResponse {
    let stream = RunStream(encoder, scheduler: scheduler, onEnd: onEnd)
    do throws(ClaudeError) {
      let run = try await start(turn, context, stream)
      stream.follow(run)
      // From here on the client's leaving is the stream's business.
      context.departure.whenCancelled { stream.clientDidLeave() }
      try await stream.untilReady()
    } catch {
      throw rendered(error, context)
    }
    markTime(context)
    return .eventStream(stream)
  }

  /// Runs the turn to its end, with `observer` collecting.
  ///
  /// - Throws: `HTTPError`.
  func collect(_ turn: Turn, _ context: RequestContext, _ observer: RunCollector) async throws -> TurnResult {
    do throws(ClaudeError) {
      let run = try await start(turn, context, observer)
      context.departure.whenCancelled { [weak observer, weak run] in
        guard let observer else { return }
        run?.remove(observer)
        observer.abandon()
      }
      let result = try await observer.result()
      markTime(context)
      return result
    } catch {
      throw rendered(error, context)
    }
  }

  /// How long the answer's head took, as OpenAI names it.
  private func markTime(_ context: RequestContext) {
    context.setResponseField("openai-processing-ms", String((scheduler.now - context.startedAt).milliseconds))
  }

  private func start(
    _ turn: Turn, _ context: RequestContext, _ observer: any RunObserver
  ) async throws(ClaudeError) -> Run {
    try await executor.run(
      turn, id: "run_\(newID())", observer: observer, departure: context.departure, logger: context.logger)
  }

  private func rendered(_ error: ClaudeError, _ context: RequestContext) -> HTTPError {
    let rendered = HTTPError(error)
    context.logger.warn(
      "turn failed", ["status": .number(String(rendered.status.rawValue)), "reason": .string(error.message)])
    return rendered
  }
}
