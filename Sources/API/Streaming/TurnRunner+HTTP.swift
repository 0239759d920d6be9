import Bytes
import ClaudeCode
import EventLoop
import HTTPServer
import Telemetry
import Turns

extension TurnRunner {
  /// Streams the run through an encoder. Returns when there is something to send, or the wait for it is over.
  ///
  /// - Parameters:
  ///   - encoder: made when the run has its session.
  ///   - onEnd: called when the run has ended.
  /// - Throws: `RequestError` for what failed before.
  func stream<Encoder: RunEncoder>(
    _ asked: RequestedTurn, _ context: RequestContext, encoder: @Reactor (Run) -> Encoder,
    onEnd: @escaping @Reactor (Run, Encoder, AnswerOutcome) -> Void
  ) async throws -> HTTPResponse {
    context.announce(asked)
    do throws(ClaudeError) {
      let started = try await start(asked)
      let run = started.run
      let stream = RunStream(encoder(run), scheduler: scheduler, grace: grace(asked)) { onEnd(run, $0, $1) }
      stream.follow(started.add(stream))
      context.setResponseField("x-session-id", run.sessionID)
      // From here on the client's leaving is the stream's business.
      context.cancellation.whenCancelled { stream.clientDidLeave() }
      started.begin()
      try await stream.untilReady()
      mark(run, asked, context)
      return .eventStream(stream)
    } catch {
      throw failure(error, context)
    }
  }

  /// Runs the turn to its end, for an answer that is given whole.
  ///
  /// - Parameter encoder: made when the run has its session.
  /// - Returns: the run, what the encoder knows in the end, and how it ended (see `RunCollector.collected`).
  /// - Throws: `RequestError`.
  func collect<Encoder: RunEncoder>(
    _ asked: RequestedTurn, _ context: RequestContext, encoder: @Reactor (Run) -> Encoder
  ) async throws -> (Run, Encoder, AnswerOutcome) {
    context.announce(asked)
    do throws(ClaudeError) {
      let started = try await start(asked)
      let run = started.run
      let collector = RunCollector(encoder(run))
      let source = started.add(collector)
      context.setResponseField("x-session-id", run.sessionID)
      context.cancellation.whenCancelled { [self] in
        let leave: @Reactor () -> Void = {
          source.remove(collector)
          collector.abandon()
        }
        if let grace = grace(asked) { _ = scheduler.schedule(after: grace, leave) } else { leave() }
      }
      started.begin()
      let (read, outcome) = try await collector.collected()
      mark(run, asked, context)
      return (run, read, outcome)
    } catch {
      throw failure(error, context)
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
    context.cancellation.whenCancelled { stream.clientDidLeave() }
    do throws(ClaudeError) {
      try await stream.untilReady()
      return .eventStream(stream)
    } catch {
      throw failure(error, context)
    }
  }

  /// What is known of the run when its answer begins: how long that took, as OpenAI names it.
  private func mark(_ run: Run, _ asked: RequestedTurn, _ context: RequestContext) {
    context.setResponseField("openai-processing-ms", String((scheduler.now - context.startedAt).milliseconds))
    guard run.sendsHistoryAsText else { return }
    // The session is another one, perhaps, than when the run began.
    movedSession(run, asked)
    context.setResponseField("x-session-id", run.sessionID)
    context.setResponseField(
      "x-claude-warning", "the history is told in words: this CLI does not take it as a transcript")
  }

  /// Logs why a turn failed.
  func failure(_ error: ClaudeError, _ context: RequestContext) -> RequestError {
    let failure = RequestError(error)
    context.logger.warn(
      "turn failed", ["status": .number(String(failure.status)), "reason": .string(error.message)])
    return failure
  }
}

extension RequestContext {
  /// What is known of the turn before it runs, also for a response that says why it cannot.
  func announce(_ asked: RequestedTurn) {
    if let session = asked.sessionID { setResponseField("x-session-id", session) }
    for warning in asked.warnings { setResponseField("x-claude-warning", warning) }
  }
}
