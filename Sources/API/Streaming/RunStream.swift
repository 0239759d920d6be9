import Bytes
import ClaudeCode
import EventLoop
import HTTP
import HTTPServer
import Turns

/// Streams a run to one client as server-sent events.
///
/// Until there is content nothing is sent, so that a failure can still be an HTTP status. After ten seconds the head is
/// sent in any case, so that the client sees the request being served. From then on the child's bytes go through the
/// encoder into the connection's output.
@Reactor
final class RunStream<Encoder: RunEncoder>: RunObserver, StreamingBody {
  private enum Phase {
    /// The output before the head is sent.
    case holding(ByteBuffer)
    case streaming(BodyWriter)
    case ended
  }

  private var encoder: Encoder
  private var phase = Phase.holding(ByteBuffer())
  private let scheduler: any Scheduler
  private let grace: Duration?
  private let onEnd: @Reactor (Encoder, AnswerOutcome) -> Void
  private var run: (any RunSource)?
  private var isOver = false
  private var isLeaving = false
  private var ready: CheckedContinuation<Result<Void, ClaudeError>, Never>?
  private var decision: Result<Void, ClaudeError>?
  private var timer: (any ScheduledTimer)?
  private var lastWrite: ContinuousClock.Instant

  /// - Parameters:
  ///   - grace: how long the run continues when the client leaves before anything was sent; nil to leave it at once.
  ///   - onEnd: called once, when the answer has ended.
  init(
    _ encoder: Encoder, scheduler: any Scheduler, grace: Duration? = nil,
    onEnd: @escaping @Reactor (Encoder, AnswerOutcome) -> Void
  ) {
    self.encoder = encoder
    self.scheduler = scheduler
    self.grace = grace
    self.onEnd = onEnd
    lastWrite = scheduler.now
    armTimer()
    write { self.encoder.open(to: &$0) }
  }

  /// Sets the run that this stream observes; the stream leaves it when the client leaves.
  func follow(_ run: any RunSource) {
    if !isOver { self.run = run }
  }

  /// Waits for content, or for the ten seconds.
  ///
  /// - Throws: what ended the run before there was anything to send.
  func untilReady() async throws(ClaudeError) {
    // Checked in here: the task may have been suspended before the continuation existed.
    let outcome = await withCheckedContinuation { continuation in
      if let decision { continuation.resume(returning: decision) } else { ready = continuation }
    }
    try outcome.get()
  }

  private func decide(_ outcome: Result<Void, ClaudeError>) {
    guard decision == nil else { return }
    decision = outcome
    ready?.resume(returning: outcome)
    ready = nil
  }

  // MARK: Run

  var keepsRun: Bool { !isOver }

  /// How many bytes may wait for the head. A journal replays more at once than a run ever emits.
  static var maximumHeld: Int { 1024 * 1024 }

  var isCongested: Bool {
    switch phase {
    case .holding(let held): held.count > Self.maximumHeld
    case .streaming(let writer): writer.isCongested
    case .ended: false
    }
  }

  func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    guard !isOver else { return }
    var failure: ClaudeError?
    write { output in
      do throws(ClaudeError) {
        try encoder.encode(message, line, to: &output)
      } catch {
        failure = error
      }
    }
    if let failure { return fail(failure) }
    guard encoder.isSatisfied else { return }
    write { encoder.closeEarly(to: &$0) }
    finish(.complete)
  }

  func run(_ run: any RunSource, didAsk question: PermissionQuestion) {
    guard !isOver else { return }
    write { encoder.encode(question, to: &$0) }
  }

  func run(_ run: any RunSource, didTake input: Span<UInt8>) {
    guard !isOver else { return }
    write { encoder.encode(input: input, to: &$0) }
  }

  func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    guard !isOver else { return }
    self.run = nil
    switch outcome {
    case .failed(let error): fail(error)
    case .parked:
      write { encoder.closeParked(to: &$0) }
      finish(.ended(outcome))
    case .result(let result):
      var failure: ClaudeError?
      write { output in
        do throws(ClaudeError) {
          try encoder.close(result, to: &output)
        } catch {
          failure = error
        }
      }
      if let failure { fail(failure) } else { finish(.ended(outcome)) }
    }
  }

  private func fail(_ error: ClaudeError) {
    if encoder.hasContent || decision != nil { write { encoder.close(error, to: &$0) } }
    decide(.failure(error))
    finish(.ended(.failed(error)))
  }

  private func finish(_ outcome: AnswerOutcome) {
    isOver = true
    timer?.cancel()
    decide(.success(()))
    if case .streaming(let writer) = phase {
      writer.finish()
      phase = .ended
    }
    leaveRun()
    onEnd(encoder, outcome)
  }

  // MARK: Output

  private func write(_ body: (inout ByteBuffer) -> Void) {
    switch phase {
    case .holding(var held):
      phase = .ended  // no second reference while it grows
      body(&held)
      phase = .holding(held)
      if encoder.hasContent { decide(.success(())) }
    case .streaming(let writer):
      writer.write { output in
        let before = output.count
        body(&output)
        if output.count != before { lastWrite = scheduler.now }
      }
    case .ended: break
    }
  }

  func start(_ writer: BodyWriter) {
    guard case .holding(let held) = phase else { return }
    phase = .streaming(writer)
    if !held.isEmpty { writer.write { $0.append(held) } }
    lastWrite = scheduler.now
    guard isOver else {
      armTimer()
      // The held output may have congested the stream.
      if !isCongested { run?.observerDidDrain() }
      return
    }
    writer.finish()
    phase = .ended
  }

  var probe: [UInt8] { Array(ServerSentEvent.ping.utf8) }

  func writerDidDrain() { run?.observerDidDrain() }

  func clientDidLeave() {
    guard case .holding = phase, let grace, !isOver else { return leave() }
    // The request and the connection both report it; once is enough.
    guard !isLeaving else { return }
    isLeaving = true
    _ = scheduler.schedule(after: grace) { [self] in leave() }
  }

  private func leave() {
    phase = .ended
    timer?.cancel()
    let wasOver = isOver
    isOver = true
    leaveRun()
    decide(.failure(ClaudeError(.cancelled, "The client left", reachedCLI: true)))
    if !wasOver { onEnd(encoder, .left) }
  }

  private func leaveRun() {
    let run = self.run
    self.run = nil
    run?.remove(self)
  }

  // MARK: Silence

  /// The wait for content, and the interval of keep-alive comments. Proxies cut silent streams after 30 to 60 s.
  private static var timeout: Duration { .seconds(10) }

  private func armTimer() {
    timer?.cancel()
    let wait = lastWrite + Self.timeout - scheduler.now
    // A strong reference, dropped at the stream's end: a weak one would slow down every access.
    timer = scheduler.schedule(after: wait) { [self] in silenceTimerFired() }
  }

  private func silenceTimerFired() {
    guard !isOver else { return }
    guard scheduler.now - lastWrite >= Self.timeout else { return armTimer() }
    lastWrite = scheduler.now
    switch phase {
    case .holding: decide(.success(()))
    case .streaming(let writer):
      // A client that does not read needs no keep-alive comments.
      if !writer.isCongested { writer.write { $0.append(ServerSentEvent.ping) } }
    case .ended: return
    }
    armTimer()
  }
}
