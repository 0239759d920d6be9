import ClaudeCodeTestSupport
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// The limits of turns, sessions and processes, tried at their real values.
@Reactor
@Suite(.bounded)
struct LimitTableTests {
  // MARK: Sessions

  @Test("limit: turns that wait for a session")
  func waiting() async throws {
    let limit = SessionGate.Limits().waiting
    let outcomes = try await LimitTable.row("turns waiting", limit) { offset in
      let gate = SessionGate(scheduler: ManualScheduler())
      try await gate.enter("s", cancellation: CancellationSignal())
      let turns = (0..<(limit + offset)).map { _ in enter(gate) }
      await nextTurn()
      while gate.waitingCount > 0 {
        gate.leave("s")
        await nextTurn()
      }
      var refused = 0
      for turn in turns where await turn.value != nil { refused += 1 }
      return "\(refused) refused"
    }
    #expect(outcomes == ["0 refused", "0 refused", "1 refused"])
  }

  @Test("limit: wait for a session")
  func timeout() async throws {
    let limit = SessionGate.Limits().timeout
    let outcomes = try await LimitTable.row("wait for a session", limit) { offset in
      let scheduler = ManualScheduler()
      let gate = SessionGate(scheduler: scheduler)
      try await gate.enter("s", cancellation: CancellationSignal())
      let turn = enter(gate)
      await nextTurn()
      scheduler.advance(by: limit + .milliseconds(offset))
      gate.leave("s")
      return await turn.value == nil ? "let in" : "refused"
    }
    #expect(outcomes == ["let in", "refused", "refused"])
  }

  /// Asks for the session; why it is refused, nil when it is let in.
  private func enter(_ gate: SessionGate) -> Task<ClaudeError.Kind?, Never> {
    Task.onLoop {
      do throws(ClaudeError) {
        try await gate.enter("s", cancellation: CancellationSignal())
        return nil
      } catch {
        return error.kind
      }
    }
  }

  @Test("limit: remembered sessions")
  func sessions() async throws {
    let limit = SessionStore.defaultCapacity
    let outcomes = try await LimitTable.row("sessions", limit) { offset in
      let store = SessionStore()
      for index in 0..<(limit + offset) {
        store.save(SessionRecord(id: "\(index)", principal: "p", options: TurnOptions()))
      }
      return "\(store.count) kept"
    }
    #expect(outcomes == ["9999 kept", "10000 kept", "9001 kept"])
  }

  // MARK: Runs

  @Test("limits: total time, inactivity, and the wait for a better result")
  func timeouts() async throws {
    let defaults = RunTimeouts()
    let long = RunTimeouts(inactivity: defaults.total * 2)
    #expect(try await timeRow("turn", long, long.total) == ["goes on", "totalTimeout", "totalTimeout"])
    #expect(
      try await timeRow("silence", defaults, defaults.inactivity)
        == ["goes on", "inactivityTimeout", "inactivityTimeout"])
    #expect(
      try await timeRow("empty result", defaults, defaults.emptyResult, CLILine.result("", turns: 0))
        == ["goes on", "result", "result"])
  }

  private func timeRow(
    _ name: String, _ timeouts: RunTimeouts, _ limit: Duration, _ line: String = CLILine.initLine
  ) async throws -> [String] {
    try await LimitTable.row(name, limit) { offset in
      let directory = TemporaryDirectory()
      let cli = LiveCLI(in: directory)
      let harness = ExecutorHarness(cli.path, directory, timeouts: timeouts)
      let recorder = RunRecorder()
      let run = try await harness.run(harness.turn("p"), recorder)
      cli.emit(line)
      // The timer that is tried stands: for an empty result only when its line has been read.
      await until { harness.scheduler.waits.contains(limit) }
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let outcome = recorder.outcomes.first
      run.cancel()
      await harness.settle()
      return switch outcome {
      case nil: "goes on"
      case .failed(let error): "\(error.kind)"
      case .result: "result"
      case .parked: "parked"
      }
    }
  }

  @Test("limit: wait for function results")
  func toolResult() async throws {
    let limit = RunTimeouts().toolResult
    let outcomes = try await LimitTable.row("result of a call", limit) { offset in
      let directory = TemporaryDirectory()
      let harness = ExecutorHarness(try StandInCLI.simulator, directory, timeouts: RunTimeouts())
      let recorder = RunRecorder()
      var turn = harness.turn("simulate: call=f")
      turn.functions = [FunctionDeclaration(name: "f")]
      let run = try await harness.run(turn, recorder)
      #expect(await recorder.outcome() == .parked)
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let outcome = run.openCalls.isEmpty ? "given up" : "waits"
      run.cancel()
      await harness.settle()
      return outcome
    }
    #expect(outcomes == ["waits", "given up", "given up"])
  }

  @Test("limit: one step of a teardown")
  func kill() async throws {
    let limit = RunTimeouts().kill
    let outcomes = try await LimitTable.row("step of an end", limit) { offset in
      let directory = TemporaryDirectory()
      let cli = LiveCLI(in: directory, prelude: "trap '' TERM")
      let harness = ExecutorHarness(cli.path, directory, timeouts: RunTimeouts())
      let recorder = RunRecorder()
      let run = try await harness.run(harness.turn("p"), recorder)
      cli.emit(CLILine.initLine)
      await recorder.lines(1)
      run.cancel()
      // It is asked to end its turn first, and is deaf to that.
      harness.scheduler.advance(by: PoolLimits().interrupt)
      harness.scheduler.advance(by: limit + .milliseconds(offset))
      let waits = harness.scheduler.waits == [.milliseconds(1)]
      if waits { harness.scheduler.advance(by: .milliseconds(1)) }
      await until { harness.executor.liveProcesses == 0 }
      return waits ? "asked" : "killed"
    }
    #expect(outcomes == ["asked", "killed", "killed"])
  }

  @Test("limit: announced upstream retries")
  func retries() async throws {
    let timeout = Duration.seconds(5)
    let outcomes = try await LimitTable.row("retries", timeout) { offset in
      let line = Array(CLILine.retry("529", delay: 2000).utf8)
      guard let message = StreamMessage(scanning: line.span), let retry = Retry(message, line.span) else {
        return "not read"
      }
      let verdict = retry.verdict(waited: .milliseconds(3000 + offset), timeout: timeout)
      return verdict.map { "\($0.kind)" } ?? "waits"
    }
    #expect(outcomes == ["waits", "waits", "upstream(status: 529)"])
  }

  @Test("limit: kept error output")
  func standardError() async throws {
    let limit = 2 * ClaudeProcess.standardErrorTail
    let outcomes = try await LimitTable.row("standard error", limit) { offset in
      var hasEnded = false
      let command = ChildCommand(executable: "/bin/sh", arguments: ["-c", ":"], environment: [:], directory: "/")
      let turn = Turn(prompt: "", session: .new(id: "s"), directory: "/")
      let process = try ClaudeProcess(
        command, Fingerprint(turn, settingSources: nil), sessionID: "s", id: "limit-\(offset)", onReady: { _ in },
        onExit: { _ in hasEnded = true })
      let text = [UInt8](repeating: 0x78, count: limit - 1 + offset)
      process.childDidWrite(errors: text.span)
      process.childDidWrite(errors: [0x79].span)
      await until { hasEnded }
      #expect(process.standardError.hasSuffix("xy"))
      return "\(process.standardError.utf8.count) kept"
    }
    #expect(outcomes == ["8191 kept", "8192 kept", "4096 kept"])
  }

  // MARK: Options

  @Test("limit: length of a tool rule")
  func toolRule() async throws {
    let limit = CLIArguments.maximumToolRuleLength
    let outcomes = try await LimitTable.row("tool rule", limit) { offset in
      CLIArguments.isToolRule("X(\(String(repeating: "a", count: limit - 3 + offset)))") ? "taken" : "refused"
    }
    #expect(outcomes == ["taken", "taken", "refused"])
  }

  // MARK: Probing

  @Test("limit: kept version output")
  func probeOutput() async throws {
    let limit = CLIProbe.maximumOutput
    let outcomes = try await LimitTable.row("probe output", limit) { offset in
      let directory = TemporaryDirectory()
      let path = StandInCLI.script("head -c \(limit + offset) /dev/zero | tr '\\0' x", in: directory)
      guard case .available(_, let version, _) = await probe(path, ManualScheduler()).current().finding else {
        return "no answer"
      }
      return "\(version.utf8.count) kept"
    }
    #expect(outcomes == ["4095 kept", "4096 kept", "4096 kept"])
  }

  @Test("limit: time for the version command")
  func probeTimeout() async throws {
    let outcomes = try await LimitTable.row("probe", CLIProbe.timeout) { offset in
      let directory = TemporaryDirectory()
      let scheduler = ManualScheduler()
      let probe = probe(StandInCLI.script("exec sleep 600", in: directory), scheduler)
      let finding = Task.onLoop { await probe.current().finding }
      await until { scheduler.waits == [CLIProbe.timeout] }
      scheduler.advance(by: CLIProbe.timeout + .milliseconds(offset))
      let waits = scheduler.waits == [.milliseconds(1)]
      if waits { scheduler.advance(by: .milliseconds(1)) }
      guard case .failed(_, "signal 9") = await finding.value else { return "answered" }
      return waits ? "waits" : "given up"
    }
    #expect(outcomes == ["waits", "given up", "given up"])
  }

  @Test("limit: age of a probe's report")
  func probeFreshness() async throws {
    let outcomes = try await LimitTable.row("probe's report", CLIProbe.freshness) { offset in
      let directory = TemporaryDirectory()
      let scheduler = ManualScheduler()
      let probe = probe(StandInCLI.script("echo v; echo x >> '\(directory.path)/asked'", in: directory), scheduler)
      _ = await probe.current()
      scheduler.advance(by: CLIProbe.freshness + .milliseconds(offset))
      _ = await probe.current()
      return directory.text(of: "asked") == "x\n" ? "good" : "taken again"
    }
    #expect(outcomes == ["good", "taken again", "taken again"])
  }

  private func probe(_ path: String, _ scheduler: ManualScheduler) -> CLIProbe {
    CLIProbe(
      locator: .only(path), environment: .test(), clock: { Timestamp(milliseconds: 0) }, scheduler: scheduler)
  }
}
