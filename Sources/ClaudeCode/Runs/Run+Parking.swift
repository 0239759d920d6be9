import Bytes
import EventLoop
import Telemetry

extension Run {
  /// The calls that the client has to answer; empty unless the run is parked.
  public var openCalls: [String] { if case .parked = state { calls.delivered } else { [] } }

  /// Whether a request with the results and the history can continue the turn without this run: it waits for the
  /// client's functions, and not for a permission.
  var canContinueFromHistory: Bool { !calls.awaitsPermission }

  /// Ends a parked run, because others need its process.
  func evict() {
    let error = ClaudeError(
      .interrupted, "The run gave up its process to other turns while it waited for its client", reachedCLI: true)
    end(.failed(error), .broken(.prompt(timeout: timeouts.kill)))
  }

  /// Takes a parked run for one request, so that no other request finds it.
  ///
  /// - Returns: false if the run is not parked.
  func claim() -> Bool {
    guard case .parked = state else { return false }
    state = .claimed
    return true
  }

  /// Resumes a run that `ClaudeExecutor.claim` has taken, with the results of the client's functions. Observers that
  /// are added before lose nothing.
  ///
  /// - Parameters:
  ///   - results: by the ids of the calls.
  ///   - content: what the user says besides; empty for nothing.
  public func resume(_ results: [String: FunctionResult], _ content: [ContentBlock] = []) {
    guard case .claimed = state else { return }
    state = .running
    clock.resume()
    logger.debug("run resumed", ["results": JSONValue(results.count)])
    calls.take(results)
    answerCalls(with: content)
    // They came while the client was busy with the others.
    if !calls.open.isEmpty { park() }
  }

  /// Responds to those of the CLI's requests that are answered.
  ///
  /// - Parameter content: what the user says besides. It goes first: behind the results it would often become a turn of
  ///   its own (2.1.332).
  func answerCalls(with content: [ContentBlock] = []) {
    let (answers, decisions) = (calls.takeAnswers(), calls.takeDecisions())
    guard !content.isEmpty || !answers.isEmpty || !decisions.isEmpty else { return }
    let size = (content + answers.flatMap(\.1.content)).reduce(0) { $0 + $1.size }
    send(size) {
      var lines = content.isEmpty ? [] : ControlMessage.besides(content)
      for (call, result) in answers { lines += FunctionServer.answer(to: call, result) }
      for (question, result) in decisions { lines += question.answer(result) }
      return lines
    }
  }

  func park() {
    guard case .running = state else { return }
    state = .parked
    parkedSince = scheduler.now
    clock.park()
    process?.resumeOutput()
    logger.debug("run parked", ["calls": JSONValue(calls.open.count)])
    let observers = self.observers
    self.observers = observers.filter(\.survivesParking)
    let questions = calls.takeUndelivered()
    for observer in observers {
      for question in questions { observer.run(self, didAsk: question) }
      observer.run(self, didEnd: .parked)
    }
    delegate?.runDidPark(self)
  }
}
