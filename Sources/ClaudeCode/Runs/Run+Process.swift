import Bytes
import EventLoop
import Telemetry

extension Run: ClaudeProcessOwner {
  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    switch message.kind {
    case .controlRequest, .controlResponse, .controlCancelRequest:
      if let action = control.action(for: message, line) { perform(action) }
    case .transcriptMirror: break
    case .result: receiveResult(message, line)
    case .system, .streamEvent, .assistant, .user, .other:
      if message.kind == .system, turn.needsTools, let error = turn.missingTool(message, line) { return fail(error) }
      deliver(message, line)
      if message.kind == .system { checkRetry(message, line) }
      if turn.asksClient, calls.read(message, line) { park() }
    }
  }

  func processDidCall(_ call: FunctionCall) {
    clock.noteActivity()
    let isOver = calls.add(call)
    answerCalls()
    if isOver { park() }
  }

  func processDidPause() {
    clock.noteActivity()
    pauseIfCongested()
  }

  func processDidCloseOutput() {
    // The held result is the last output; it has its own timer.
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
    if canReplaceProcess, let delegate, !hasOutput, process.turns > 1 || process.isReady && !process.hasBegunTurn {
      canReplaceProcess = false
      self.process = nil
      logger.debug("the process was gone before the turn began; it is replaced")
      return delegate.runDidLoseProcess(self)
    }
    let error = ClaudeError(exit: status.description, standardError: process.standardError, sawOutput: hasOutput)
    end(.failed(error), .broken([]))
  }
}

// MARK: Lines

extension Run {
  private func deliver(_ message: StreamMessage, _ line: Span<UInt8>) {
    if !hasOutput {
      hasOutput = true
      // The turn has begun, so it is never given to another process.
      turn.dropContent()
    }
    for observer in observers { observer.run(self, didReceive: message, in: line) }
  }

  private func receiveResult(_ message: StreamMessage, _ line: Span<UInt8>) {
    guard let result = TurnResult(line) else { return }
    if case .imported = turn.session, !hasOutput, ClaudeError(result)?.kind == .sessionNotFound {
      delegate?.runWasRefused(self)
      return
    }
    if result.turns == 0 && !result.isError, case .running = state {
      state = .holding(result, line: line.bytes(in: 0..<line.count), message)
      process?.tearDown(.polite(timeout: timeouts.kill), scheduler)
      holdTimer = scheduler.schedule(after: timeouts.emptyResult) { [self] in releaseHeldResult() }
    } else {
      deliver(message, line)
      end(.result(settled(result)), isReusable ? .complete : .broken(.polite(timeout: timeouts.kill)))
    }
  }

  // A CLI that has not begun the turn, for instance because it could not resume the session, is about to exit.
  private var isReusable: Bool { process?.hasBegunTurn == true }

  /// The result with the cost of its own turn: the CLI counts from the start of its process or session.
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

  private func perform(_ action: ControlChannel.Action) {
    switch action {
    case .reply(let line, let tool):
      if let tool { logger.debug("permission request answered", ["tool": .string(tool)]) }
      process?.send(line)
    case .ask(let question):
      logger.debug("permission request forwarded", ["tool": .string(question.tool)])
      if calls.add(question) { park() }
    case .withdraw(let requestID):
      calls.withdraw(requestID: requestID)
      // Nothing is left for the client to answer, so nothing would ever resume the run.
      if case .parked = state, calls.delivered.isEmpty { cancel() }
    case .fail(let error): end(.failed(error), .broken(.prompt(timeout: timeouts.kill)))
    }
  }

  private func checkRetry(_ message: StreamMessage, _ line: Span<UInt8>) {
    guard let timeout = turn.retryTimeout, let retry = Retry(message, line) else { return }
    if let error = retry.verdict(waited: retryWait, timeout: timeout) { return fail(error) }
    retryWait += retry.delay
  }
}
