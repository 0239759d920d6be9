import Bytes
public import EventLoop
import Telemetry

/// A turn under way: feeds its process, answers the CLI's questions, watches the time, and tells its observers.
///
/// A run that nobody observes any more is cancelled. It ends at the `result` line; the process's own end is not waited
/// for (it may never come), it is seen to by the teardown.
@Reactor
public final class Run: RunSource {
  private enum State {
    /// It has a process, and the turn is not given to it yet.
    case leased(ProcessLease)
    case running
    /// A result without a turn in it came; a better one may follow.
    case holding(TurnResult, line: [UInt8], StreamMessage)
    /// The client has to answer calls. Nobody observes, nothing is under way, and no time passes.
    case parked
    /// The client has brought what it was parked for; `resume` follows.
    case claimed
    case ended
  }

  public let id: String
  /// Who has asked for it, and how.
  public var origin: RunOrigin?
  public private(set) var turn: Turn
  public let startedAt: ContinuousClock.Instant
  private var state = State.running
  /// How it ended; nil as long as it has not.
  public private(set) var outcome: RunOutcome?
  private var observers: [any RunObserver] = []
  private var process: ClaudeProcess?
  /// The session the turn belongs to: that of the process which serves it.
  public private(set) var sessionID: String
  /// Whether a history that should have been a transcript is told in words instead.
  public internal(set) var sendsHistoryAsText = false
  private let fingerprint: Fingerprint
  private var desk: PendingCalls
  private let onRefusal: @Reactor () -> Void
  private let onPark: @Reactor () -> Void
  private let onEnd: @Reactor (ClaudeProcess?, ProcessPool.Ending) -> Void
  /// Gets another process for a turn whose process was gone before it had begun; nil when that was done once.
  private var onLoss: (@Reactor () -> Void)?
  private let policy: PermissionPolicy
  private let timeouts: RunTimeouts
  private let scheduler: any Scheduler
  private let logger: Logger
  private var holdTimer: (any ScheduledTimer)?
  /// Runs while the process has closed its output and not exited.
  private var lossTimer: (any ScheduledTimer)?
  private let clock: RunClock
  private var retryWait: Duration = .zero
  /// Whether the CLI has said anything of the turn itself; the answers to control requests are not of it.
  private var hasSpoken = false

  init(
    _ turn: Turn, id: String, sessionID: String, as fingerprint: Fingerprint, timeouts: RunTimeouts,
    scheduler: any Scheduler, logger: Logger, onLoss: (@Reactor () -> Void)? = nil,
    onRefusal: @escaping @Reactor () -> Void = {}, onPark: @escaping @Reactor () -> Void = {},
    onEnd: @escaping @Reactor (ClaudeProcess?, ProcessPool.Ending) -> Void
  ) {
    self.onLoss = onLoss
    self.onRefusal = onRefusal
    self.onPark = onPark
    desk = PendingCalls(maximumCalls: turn.maximumCalls, functions: turn.functionNames)
    self.onEnd = onEnd
    self.turn = turn
    self.id = id
    self.sessionID = sessionID
    self.fingerprint = fingerprint
    self.timeouts = timeouts
    self.scheduler = scheduler
    self.logger = logger.with("run", .string(id)).with("session", .string(sessionID))
    policy = PermissionPolicy(turn.options, ceiling: turn.toolCeiling)
    startedAt = scheduler.now
    clock = RunClock(timeouts, scheduler)
  }

  /// The process id of the CLI; nil when the run has ended.
  public var pid: Int32? { process?.pid }

  /// The run has its process. Observers can be added before `start`: nothing is lost.
  func hold(_ lease: ProcessLease) {
    process = lease.process
    state = .leased(lease)
  }

  /// Gives the turn to the process. To be called once, when the observers are there. Those of a run that was cancelled
  /// before are told so.
  public func start() {
    switch state {
    case .leased(let lease):
      state = .running
      begin(on: lease)
    case .ended: tellEnd()
    case .running, .holding, .parked, .claimed: break
    }
  }

  /// The turn begins on another process: the one before was gone too early.
  func restart(on lease: ProcessLease) { begin(on: lease) }

  private func begin(on lease: ProcessLease) {
    let process = lease.process
    self.process = process
    let (content, takesCommands) = (turn.content, turn.takesCommands)
    let encode: @Sendable () -> [UInt8] = { ControlMessage.user(content, takesCommands: takesCommands) }
    let size = content.reduce(0) { $0 + $1.size }
    let isInline = OffLoop.isInline(size)
    process.begin(turn, as: fingerprint, id: id, line: isInline ? encode() : nil)
    if !isInline { send(size, encode) }
    clock.start { [self] in fail($0) }
    logger.debug("run started", ["pid": JSONValue(Int(process.pid))])
    if process.hasClosedOutput { processDidCloseOutput() }
    lease.end(self)
  }

  /// Writes to the process what `encode` makes of `size` bytes, off the loop if they are many.
  private func send(_ size: Int, _ encode: @escaping @Sendable () -> [UInt8]) {
    guard let process else { return }
    guard !OffLoop.isInline(size) else { return process.send(encode()) }
    Task.onLoop { [self] in
      let lines = await OffLoop.shared.run(on: size, encode)
      // The run may have ended meanwhile, and the process may be another's.
      guard self.process === process else { return }
      clock.noteActivity()
      process.send(lines)
    }
  }

  // MARK: Observers

  /// Whoever is there already is not added again.
  public func add(_ observer: any RunObserver) {
    guard !observers.contains(where: { $0 === observer }) else { return }
    observers.append(observer)
  }

  /// The observer hears no more. A run without observers is cancelled.
  public func remove(_ observer: any RunObserver) {
    guard observers.contains(where: { $0 === observer }) else { return }
    observers.removeAll { $0 === observer }
    endUnlessKept()
  }

  /// Cancels a run that no observer keeps any more.
  func endUnlessKept() {
    if !observers.contains(where: \.keepsRun) { cancel() }
  }

  public func cancel() {
    fail(ClaudeError(.cancelled, "The run was cancelled", reachedCLI: true))
  }

  /// A congested observer can take more.
  public func observerDidDrain() {
    guard clock.isPaused, !observers.contains(where: \.isCongested) else { return }
    clock.resume()
    process?.resumeOutput()
  }

  private func pauseIfCongested() {
    guard observers.contains(where: \.isCongested), clock.pause() else { return }
    process?.pauseOutput()
  }

  /// Gives its process up before the turn has begun.
  func detachProcess() -> ClaudeProcess? {
    defer { process = nil }
    return process
  }

  /// Restarts the turn in a new session, with the whole conversation as its message.
  func fallBack(to content: [ContentBlock], in session: String) {
    turn.session = .new(id: session)
    turn.content = content
    sessionID = session
    sendsHistoryAsText = true
  }

  // MARK: Calls of the client's functions

  /// Whether it ended while it was parked: it held no slot.
  private(set) var wasParked = false

  /// The calls that the client has to answer; empty unless the run is parked.
  public var openCalls: [String] { if case .parked = state { desk.told } else { [] } }

  /// Takes a parked run for one request: no other finds it.
  ///
  /// - Returns: false where it is not parked.
  func claim() -> Bool {
    guard case .parked = state else { return false }
    state = .claimed
    return true
  }

  /// Resumes a run that `ClaudeExecutor.claim` has taken, with what the client's functions answered. Observers can be
  /// added before: nothing is lost.
  ///
  /// - Parameters:
  ///   - results: by the calls' ids.
  ///   - content: what the user says besides; empty for nothing.
  public func resume(_ results: [String: FunctionResult], _ content: [ContentBlock] = []) {
    guard case .claimed = state else { return }
    state = .running
    clock.resume()
    logger.debug("run goes on", ["results": JSONValue(results.count)])
    desk.take(results)
    answerCalls(with: content)
    // Asked while the client was busy with the others.
    if !desk.open.isEmpty { park() }
  }

  /// Writes what is known of the CLI's requests.
  ///
  /// - Parameter content: what the user says besides. It goes first: behind the results it would often become a turn of
  ///   its own (2.1.332).
  private func answerCalls(with content: [ContentBlock] = []) {
    let (answers, decisions) = (desk.takeAnswers(), desk.takeDecisions())
    guard !content.isEmpty || !answers.isEmpty || !decisions.isEmpty else { return }
    let size = (content + answers.flatMap(\.1.content)).reduce(0) { $0 + $1.size }
    send(size) {
      var lines = content.isEmpty ? [] : ControlMessage.besides(content)
      for (call, result) in answers { lines += FunctionServer.answer(to: call, result) }
      for (question, result) in decisions { lines += question.answer(result) }
      return lines
    }
  }

  private func park() {
    guard case .running = state else { return }
    state = .parked
    clock.park()
    process?.resumeOutput()
    logger.debug("run parked", ["calls": JSONValue(desk.open.count)])
    let observers = self.observers
    self.observers = observers.filter(\.survivesParking)
    let questions = desk.takeUntold()
    for observer in observers {
      for question in questions { observer.run(self, didAsk: question) }
      observer.run(self, didEnd: .parked)
    }
    onPark()
  }

  // MARK: Lines

  private func deliver(_ message: StreamMessage, _ line: Span<UInt8>) {
    if !hasSpoken {
      hasSpoken = true
      // From here on the turn is not given to another process.
      turn.dropContent()
    }
    for observer in observers { observer.run(self, didReceive: message, in: line) }
  }

  private func receiveResult(_ message: StreamMessage, _ line: Span<UInt8>) {
    guard let result = TurnResult(line) else { return }
    if case .imported = turn.session, !hasSpoken, ClaudeError(result)?.kind == .sessionNotFound { return onRefusal() }
    if result.turns == 0 && !result.isError, case .running = state {
      state = .holding(result, line: line.bytes(in: 0..<line.count), message)
      process?.tearDown(.polite(timeout: timeouts.kill), scheduler)
      holdTimer = scheduler.schedule(after: timeouts.emptyResult) { [self] in releaseHeldResult() }
    } else {
      deliver(message, line)
      end(.result(settled(result)), isReusable ? .complete : .broken(.polite(timeout: timeouts.kill)))
    }
  }

  // Without its beginning the CLI had no turn: it could not resume the session, for instance, and is about to leave.
  private var isReusable: Bool { process?.hasBegunTurn == true }

  /// The result with the cost of its own turn: the CLI counts from the start of its process, or its session.
  private func settled(_ result: TurnResult) -> TurnResult {
    guard let process, let total = result.totalCost else { return result }
    process.count(total)
    return result.withCost(process.turnCost)
  }

  private func releaseHeldResult() {
    guard case .holding(let result, let line, let message) = state else { return }
    deliver(message, line.span)
    end(.result(settled(result)), .broken(.polite(timeout: timeouts.kill)))
  }

  private func answerControlRequest(_ line: Span<UInt8>) {
    guard let value = try? JSONValue(parsing: line), let id = value["request_id"]?.string,
      let request = value["request"]
    else { return }
    switch request["subtype"]?.string {
    case "can_use_tool":
      logger.debug("permission question", ["tool": JSONValue(request["tool_name"]?.string)])
      askPermission(id, request)
    case let subtype:
      process?.send(ControlMessage.error(id: id, message: "\(subtype ?? "this request") is not supported"))
    }
  }

  private func askPermission(_ id: String, _ request: JSONValue) {
    guard turn.options.forwardsQuestions == true, let question = PermissionQuestion(request, requestID: id),
      policy.isForUser(question.tool)
    else {
      process?.send(policy.answer(id: id, request: request))
      return
    }
    if desk.add(question) { park() }
  }

  private func withdraw(_ line: Span<UInt8>) {
    guard let id = (try? JSONValue(parsing: line))?["request_id"]?.string else { return }
    desk.withdraw(requestID: id)
    // Nobody hears what comes now, and nobody has anything to answer that would change it.
    if case .parked = state, desk.told.isEmpty { cancel() }
  }

  private func receiveControlResponse(_ line: Span<UInt8>) {
    // Of what this turn has asked for: its settings, its model, its permission mode.
    guard let response = try? JSONValue(parsing: line)["response"],
      response["request_id"]?.string?.hasSuffix("-\(id)") == true, response["subtype"]?.string == "error"
    else { return }
    let reason = response["error"]?.string ?? "no reason given"
    end(
      .failed(ClaudeError(.refused, "Claude Code refused its settings: \(reason)", reachedCLI: false)),
      .broken(.prompt(timeout: timeouts.kill)))
  }

  private func checkRetry(_ message: StreamMessage, _ line: Span<UInt8>) {
    guard let timeout = turn.retryTimeout, let retry = Retry(message, line) else { return }
    if let error = retry.verdict(waited: retryWait, timeout: timeout) { return fail(error) }
    retryWait += retry.delay
  }

  // MARK: End

  func fail(_ error: ClaudeError) { end(.failed(error), .interrupted) }

  private func end(_ outcome: RunOutcome, _ ending: ProcessPool.Ending) {
    var ending = ending
    switch state {
    case .ended: return
    case .parked: wasParked = true
    case .leased: ending = .unused
    case .running, .holding, .claimed: break
    }
    state = .ended
    self.outcome = outcome
    clock.stop()
    holdTimer?.cancel()
    lossTimer?.cancel()
    let process = self.process
    self.process = nil
    onLoss = nil
    process?.owner = nil
    logEnd(outcome, process)
    onEnd(process, ending)
    tellEnd()
  }

  private func tellEnd() {
    guard let outcome else { return }
    let observers = self.observers
    self.observers = []
    for observer in observers { observer.run(self, didEnd: outcome) }
  }

  private func logEnd(_ outcome: RunOutcome, _ process: ClaudeProcess?) {
    let duration = JSONValue((scheduler.now - startedAt).milliseconds)
    switch outcome {
    case .result(let result):
      logger.info(
        "run ended",
        [
          "ms": duration, "subtype": .string(result.subtype), "error": .bool(result.isError),
          "turns": JSONValue(result.turns),
        ])
    case .parked: break
    case .failed(let error):
      logger.warn("run failed", ["ms": duration, "kind": .string("\(error.kind)"), "reason": .string(error.message)])
    }
    if let lines = process?.junkLines, lines > 0 {
      logger.warn("the CLI printed lines that are no JSON", ["lines": JSONValue(lines)])
    }
  }
}

extension Run: ClaudeProcessOwner {
  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    switch message.kind {
    case .controlRequest: answerControlRequest(line)
    case .controlResponse: receiveControlResponse(line)
    case .controlCancelRequest: withdraw(line)
    case .transcriptMirror: break
    case .result: receiveResult(message, line)
    case .system, .streamEvent, .assistant, .user, .other:
      deliver(message, line)
      if message.kind == .system { checkRetry(message, line) }
      if turn.asksClient, desk.read(message, line) { park() }
    }
  }

  func processDidCall(_ call: FunctionCall) {
    clock.noteActivity()
    let isOver = desk.add(call)
    answerCalls()
    if isOver { park() }
  }

  func processDidPause() {
    clock.noteActivity()
    pauseIfCongested()
  }

  func processDidCloseOutput() {
    // What is held is the last word; its own timer runs.
    if case .holding = state { return }
    let process = self.process
    lossTimer = scheduler.schedule(after: timeouts.kill) { [self] in
      guard self.process === process else { return }
      let error = ClaudeError(.lost, "Claude Code closed its output without a result", reachedCLI: true)
      end(.failed(error), .broken(.prompt(timeout: timeouts.kill)))
    }
  }

  func processDidExit(_ status: ExitStatus) {
    if case .holding = state { return releaseHeldResult() }
    guard let process else { return }
    if let onLoss, !hasSpoken, process.turns > 1 || process.isReady && !process.hasBegunTurn {
      self.onLoss = nil
      self.process = nil
      logger.debug("the process was gone before the turn began; another one takes it")
      return onLoss()
    }
    let error = ClaudeError(exit: status.description, standardError: process.standardError, sawOutput: hasSpoken)
    end(.failed(error), .broken([]))
  }
}

extension Duration {
  /// Whole milliseconds.
  public var milliseconds: Int {
    Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
  }
}
