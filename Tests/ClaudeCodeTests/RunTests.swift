import ClaudeCodeTestSupport
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct RunTests {
  private typealias Line = CLILine
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  private func harness(_ lines: [String], exit status: Int = 0) -> ExecutorHarness {
    ExecutorHarness(StandInCLI.printing(lines, exit: status, in: directory), directory)
  }

  // MARK: Lines

  @Test("lines are delivered in order and unchanged; control lines, mirror lines and junk are not")
  func lines() async throws {
    let told = [Line.initLine, #"{"x":1,"type":"new_kind"}"#] + Line.message("m", "a") + [Line.result("a")]
    let hidden = [
      #"{"type":"control_response","response":{"subtype":"success","request_id":"init-run-1","response":{}}}"#,
      #"{"type":"transcript_mirror","entries":[]}"#, #"{"type":"control_cancel_request","request_id":"r"}"#,
      "Warning: something", "", "[1]", "{broken",
    ]
    let harness = harness(hidden + told[..<2] + hidden + told[2...])
    _ = try await harness.run(harness.turn("p"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "a")
    #expect(recorder.lines == told)
    #expect(recorder.outcomes.count == 1)
    await harness.settle()
  }

  @Test("a last line without a line end counts")
  func lastLine() async throws {
    let harness = ExecutorHarness(
      StandInCLI.script("read -r _; read -r _; printf '%s' '\(Line.result("a"))'", in: directory), directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "a")
    await harness.settle()
  }

  @Test("the first result with a turn ends the run, and later output is ignored")
  func twoResults() async throws {
    let harness = harness([Line.result("first"), Line.result("second", turns: 2)])
    _ = try await harness.run(harness.turn("p"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "first")
    await harness.settle()
    #expect(recorder.lines == [Line.result("first")])
    #expect(recorder.outcomes.count == 1)
  }

  @Test("a result without a turn is replaced by a better one")
  func betterResult() async throws {
    let harness = harness([Line.result("", turns: 0), Line.result("better")])
    _ = try await harness.run(harness.turn("p"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "better")
    #expect(recorder.lines == [Line.result("better")])
    await harness.settle()
  }

  @Test("a result without a turn counts if the process exits")
  func onlyEmptyResult() async throws {
    let harness = harness([Line.result("help text", turns: 0)])
    _ = try await harness.run(harness.turn("/help"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "help text")
    #expect(recorder.lines == [Line.result("help text", turns: 0)])
    await harness.settle()
  }

  @Test("a result without a turn counts after the wait", arguments: [-1, 0])
  func patienceForBetter(offset: Int) async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    cli.emit(Line.result("", turns: 0))
    await until { harness.scheduler.waits.contains(ExecutorHarness.timeouts.emptyResult) }
    harness.scheduler.advance(by: ExecutorHarness.timeouts.emptyResult + .milliseconds(offset))
    #expect(recorder.outcomes.count == (offset < 0 ? 0 : 1))
    harness.scheduler.advance(by: .milliseconds(1))
    #expect(recorder.outcomes.count == 1)
    await harness.settle()
  }

  @Test("an error result without a turn counts at once")
  func emptyError() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    cli.emit(Line.result("no", turns: 0, subtype: "error_during_execution", isError: true))
    let result = await recorder.result()
    #expect(result?.subtype == "error_during_execution")
    await harness.settle()
  }

  // MARK: Ends without a result

  @Test(
    "a process that exits without a result fails the run",
    arguments: [
      ("read -r _; exit 0", "Claude Code ended without a result (exit status 0)"),
      ("read -r _; exit 3", "Claude Code ended without a result (exit status 3)"),
      ("read -r _; kill -KILL $$", "Claude Code ended without a result (signal 9)"),
      (
        "read -r _; echo '\(CLILine.initLine)'; echo 'Out of memory' >&2; exit 1",
        "Claude Code ended without a result (exit status 1: Out of memory)"
      ),
    ])
  func lost(script: String, message: String) async throws {
    let harness = ExecutorHarness(StandInCLI.script(script, in: directory), directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    let failure = await recorder.failure()
    #expect(failure == ClaudeError(.lost, message, reachedCLI: true))
    #expect(harness.executor.activeRuns == 0)
    await harness.settle()
  }

  @Test("error output without a result is a refusal with the last of its text")
  func refused() async throws {
    let script = "read -r _; head -c 100000 /dev/zero | tr '\\0' x >&2; echo >&2; echo 'Error: no root' >&2; exit 1"
    let harness = ExecutorHarness(StandInCLI.script(script, in: directory), directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    let failure = await recorder.failure()
    #expect(failure == ClaudeError(.refused, "Claude Code refused to run: Error: no root", reachedCLI: true))
    await harness.settle()
  }

  @Test("rejected settings end the run")
  func refusedSettings() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    cli.emit(#"{"type":"control_response","response":{"subtype":"error","request_id":"other","error":"no"}}"#)
    cli.emit(#"{"type":"control_response","response":{"subtype":"error","request_id":"init-run-1","error":"bad"}}"#)
    let failure = await recorder.failure()
    #expect(failure == ClaudeError(.refused, "Claude Code refused its settings: bad", reachedCLI: false))
    #expect(recorder.lines.isEmpty)
    await harness.settle()
  }

  // MARK: Questions

  /// Asks once, and prints what it was answered.
  private func asking(_ request: String) -> String {
    StandInCLI.script(
      """
      read -r _; read -r _
      echo '{"type":"control_request","request_id":"q1","request":\(request)}'
      read -r answer
      printf '{"type":"answered","answer":%s}\\n' "$answer"
      echo '\(Line.result("done"))'
      """, in: directory)
  }

  @Test(
    "permission requests are decided by the turn's options",
    arguments: [
      (["Bash"], #"{"behavior":"allow","updatedInput":{"command":"ls"}}"#),
      (
        [],
        #"{"behavior":"deny","message":"The request did not allow the tool Bash. "#
          + #"It can be allowed with the option allowed-tools."}"#
      ),
    ])
  func permission(allowed: [String], answer: String) async throws {
    let harness = ExecutorHarness(
      asking(#"{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}}"#), directory)
    var options = TurnOptions()
    options.allowedTools = allowed
    _ = try await harness.run(harness.turn("p", options: options), recorder)
    let result = await recorder.result()
    #expect(result?.text == "done")
    #expect(
      recorder.lines.first
        == #"{"type":"answered","answer":{"type":"control_response","response":{"subtype":"success","#
        + #""request_id":"q1","response":\#(answer)}}}"#)
    await harness.settle()
  }

  @Test(
    "unknown requests get an error response", arguments: ["hook_callback", "mcp_message"])
  func unknownQuestion(subtype: String) async throws {
    let harness = ExecutorHarness(asking(#"{"subtype":"\#(subtype)"}"#), directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "done")
    #expect(
      recorder.lines.first
        == #"{"type":"answered","answer":{"type":"control_response","response":{"subtype":"error","#
        + #""request_id":"q1","error":"\#(subtype) is not supported"}}}"#)
    await harness.settle()
  }

  // MARK: Time

  @Test("the total timeout applies however much is emitted", arguments: [-1, 0])
  func total(offset: Int) async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    for index in 1...9 {
      cli.emit(Line.initLine)
      await recorder.lines(index)
      harness.scheduler.advance(by: .seconds(10))
    }
    cli.emit(Line.initLine)
    await recorder.lines(10)
    harness.scheduler.advance(by: .seconds(10) + .milliseconds(offset))
    #expect(recorder.outcomes.count == (offset < 0 ? 0 : 1))
    harness.scheduler.advance(by: .milliseconds(1))
    #expect(
      recorder.outcomes == [
        .failed(ClaudeError(.totalTimeout, "Claude Code took longer than 100.0 seconds", reachedCLI: true))
      ])
    await harness.settle()
  }

  @Test("each line restarts the inactivity timer", arguments: [-1, 0])
  func inactivity(offset: Int) async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    harness.scheduler.advance(by: .seconds(29))
    cli.emit(Line.initLine)
    await recorder.lines(1)
    harness.scheduler.advance(by: .seconds(30) + .milliseconds(offset))
    #expect(recorder.outcomes.count == (offset < 0 ? 0 : 1))
    harness.scheduler.advance(by: .milliseconds(1))
    #expect(
      recorder.outcomes == [
        .failed(ClaudeError(.inactivityTimeout, "Claude Code was silent for 30.0 seconds", reachedCLI: true))
      ])
    await harness.settle()
  }

  @Test("a hanging process is ended by inactivity")
  func hanging() async throws {
    let harness = ExecutorHarness(StandInCLI.script("exec sleep 1000", in: directory), directory)
    _ = try await harness.run(harness.turn("p"), recorder)
    harness.scheduler.advance(by: .seconds(30))
    #expect(recorder.outcomes.count == 1)
    await harness.settle()
  }

  @Test("a congested observer pauses the process and the clocks")
  func congestion() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    let run = try await harness.run(harness.turn("p"), recorder)
    recorder.isCongested = true
    cli.emit(Line.initLine)
    await recorder.lines(1)
    await until { harness.scheduler.waits.isEmpty }
    harness.scheduler.advance(by: .seconds(1000))
    cli.emit(Line.initLine)
    for _ in 0..<10 { await nextTurn() }
    #expect(recorder.lines.count == 1)
    run.observerDidDrain()
    for _ in 0..<10 { await nextTurn() }
    #expect(recorder.lines.count == 1)
    recorder.isCongested = false
    run.observerDidDrain()
    await recorder.lines(2)
    #expect(recorder.outcomes.isEmpty)
    // Of both times nothing was used up by the pause.
    #expect(harness.scheduler.waits == [.seconds(30), .seconds(100)])
    run.cancel()
    await harness.settle()
  }

  // MARK: Upstream retries

  @Test("rejected credentials end the run at the first announcement")
  func credentials() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    var turn = harness.turn("p")
    turn.retryTimeout = .seconds(3600)
    _ = try await harness.run(turn, recorder)
    cli.emit(Line.retry("401", delay: 1))
    let failure = await recorder.failure()
    #expect(failure?.kind == .upstream(status: 401))
    #expect(recorder.lines == [Line.retry("401", delay: 1)])
    await harness.settle()
  }

  @Test("announced waits add up to the timeout")
  func timeout() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    var turn = harness.turn("p")
    turn.retryTimeout = .seconds(5)
    _ = try await harness.run(turn, recorder)
    for (index, delay) in [500, 1500, 3000].enumerated() {
      cli.emit(Line.retry("429", delay: delay))
      await recorder.lines(index + 1)
      #expect(recorder.outcomes.isEmpty)
    }
    cli.emit(Line.retry("429", delay: 1))
    let failure = await recorder.failure()
    #expect(failure?.kind == .upstream(status: 429))
    await harness.settle()
  }

  @Test("without a retry timeout a turn waits as long as the CLI does")
  func endlessTimeout() async throws {
    let harness = harness(
      [Line.retry("401", delay: 999_999), Line.retry("529", delay: 999_999)] + Line.message("m", "a")
        + [Line.result("a")])
    _ = try await harness.run(harness.turn("p"), recorder)
    let result = await recorder.result()
    #expect(result?.text == "a")
    await harness.settle()
  }

  // MARK: Observers

  @Test("a run continues while it has an observer and is cancelled without one")
  func observers() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    let run = try await harness.run(harness.turn("p"), recorder)
    let other = RunRecorder()
    run.add(other)
    cli.emit(Line.initLine)
    await other.lines(1)
    #expect(recorder.lines == other.lines)
    run.remove(recorder)
    cli.emit(Line.initLine)
    await other.lines(2)
    #expect(recorder.lines.count == 1)
    #expect(harness.executor.activeRuns == 1)
    run.remove(other)
    #expect(harness.executor.activeRuns == 0)
    #expect(run.pid == nil)
    #expect(other.outcomes.isEmpty && recorder.outcomes.isEmpty)
    await harness.settle()
  }

  @Test("an observer may end the run during a line")
  func reentrancy() async throws {
    let harness = harness([Line.initLine] + Line.message("m", "a") + [Line.result("a")])
    recorder.onLine = { $0.cancel() }
    _ = try await harness.run(harness.turn("p"), recorder)
    let failure = await recorder.failure()
    #expect(failure == ClaudeError(.cancelled, "The run was cancelled", reachedCLI: true))
    await harness.settle()
    #expect(recorder.lines == [Line.initLine])
    #expect(recorder.outcomes.count == 1)
  }

  @Test("a second end is ignored")
  func endingTwice() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    let run = try await harness.run(harness.turn("p"), recorder)
    run.cancel()
    run.cancel()
    harness.scheduler.advance(by: .seconds(1000))
    run.observerDidDrain()
    #expect(recorder.outcomes == [.failed(ClaudeError(.cancelled, "The run was cancelled", reachedCLI: true))])
    await harness.settle()
  }

  @Test(
    "durations convert to whole milliseconds",
    arguments: [
      (.zero, 0), (.microseconds(999), 0), (.milliseconds(1), 1), (.seconds(2) + .microseconds(1500), 2001),
      (.seconds(3600), 3_600_000),
    ] as [(Duration, Int)])
  func milliseconds(duration: Duration, expected: Int) {
    #expect(duration.milliseconds == expected)
  }
}
