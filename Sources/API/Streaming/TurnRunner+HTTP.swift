import Bytes
import ClaudeCode
import EventLoop
import HTTPServer
import Telemetry
import Turns

extension TurnRunner {
  /// Streams the run through an encoder. Returns when there is something to send, or after ten seconds.
  ///
  /// - Parameters:
  ///   - encoder: called when the run has its session.
  ///   - onEnd: called when the answer has ended.
  /// - Throws: `RequestError` for a failure before that.
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
      // From now on the stream handles the client's leaving.
      context.cancellation.whenCancelled { stream.clientDidLeave() }
      started.begin()
      try await stream.untilReady()
      mark(run, asked, context)
      return .eventStream(stream)
    } catch {
      throw failure(error, context)
    }
  }

  /// Runs the turn to its end, for an answer that is not streamed.
  ///
  /// - Parameter encoder: called when the run has its session.
  /// - Returns: the run, the encoder in its final state, and how the answer ended (see `RunCollector.collected`).
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

  /// Streams a journal from its beginning, then new events.
  ///
  /// - Parameters:
  ///   - skipped: how many entries the encoder has already.
  ///   - onLeave: called when the client leaves before the end.
  /// - Throws: `RequestError` for a failure before there was anything to send.
  func replay(
    _ journal: RunJournal, _ encoder: some RunEncoder, skipping skipped: Int = 0, _ context: RequestContext,
    onLeave: @escaping @Reactor () -> Void = {}
  ) async throws -> HTTPResponse {
    let stream = RunStream(encoder, scheduler: scheduler) { _, outcome in
      if outcome == .left { onLeave() }
    }
    stream.follow(journal.add(stream, skipping: skipped))
    context.cancellation.whenCancelled { stream.clientDidLeave() }
    do throws(ClaudeError) {
      try await stream.untilReady()
      return .eventStream(stream)
    } catch {
      throw failure(error, context)
    }
  }

  /// Sets the response fields that are known when the answer begins.
  private func mark(_ run: Run, _ asked: RequestedTurn, _ context: RequestContext) {
    context.setResponseField("openai-processing-ms", String((scheduler.now - context.startedAt).milliseconds))
    guard run.sendsHistoryAsText else { return }
    // The run may have moved to another session.
    movedSession(run, asked)
    context.setResponseField("x-session-id", run.sessionID)
    context.setResponseField(
      "x-claude-warning", "the history was sent as text: this CLI does not accept it as a transcript")
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
  /// Sets the response fields that are known before the turn runs, also for an error response.
  func announce(_ asked: RequestedTurn) {
    if let session = asked.sessionID { setResponseField("x-session-id", session) }
    if !asked.warnings.isEmpty { setResponseField("x-claude-warning", asked.warnings.joined(separator: "; ")) }
  }
}
