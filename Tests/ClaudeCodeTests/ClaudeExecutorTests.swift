import ClaudeCodeTestSupport
import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

@Reactor
@Suite(.bounded)
struct ClaudeExecutorTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()

  // MARK: With the simulator

  @Test("a turn runs from prompt to result, and leaves nothing behind")
  func turn() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    var running: [Int] = []
    recorder.onLine = { run in
      if running.isEmpty {
        running = [harness.executor.activeRuns, harness.executor.liveProcesses, (run as? Run)?.pid == nil ? 0 : 1]
      }
    }
    let run = try await harness.run(harness.turn("simulate: tokens=3"), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().text == "w0 w1 w2 ")
    #expect(running == [1, 1, 1])
    #expect(harness.executor.activeRuns == 0)
    await harness.settle()
    #expect(run.pid == nil)
    #expect(harness.scheduler.waits.isEmpty)
  }

  @Test(
    "answers survive retries and interruptions whole",
    arguments: [
      ("tokens=5 cut=3", "w0 w1 w2 w3 w4 "), ("tokens=5 repair=2", "w0 w1 w2 w3 w4 "),
      ("tokens=4 max-tokens", "w0 w1 w2 w3 "), ("split-utf8", "grüße 🎉 für alle 日本語 "),
      ("surrogates", "party 🎉 done "), ("tokens=3 junk=4 unknown=3 mirror=2 rate-limit", "w0 w1 w2 "),
      ("tokens=2 no-partial", "w0 w1 "), ("tokens=3 subagent", "w0 w1 w2 "), ("tokens=2 big-line=300000", "w0 w1 "),
      ("tokens=2 two-results", "w0 w1 "), ("tokens=2 thinking=2", "w0 w1 "), ("tokens=2 exit-after", "w0 w1 "),
      ("tokens=2 preamble=2 tool=Bash", "p0 p1 \n\nw0 w1 "), ("tokens=2 retry=529 retry-delay=1", "w0 w1 "),
    ])
  func faults(directives: String, expected: String) async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    var options = TurnOptions()
    options.allowedTools = ["Bash", "Task"]
    _ = try await harness.run(harness.turn("simulate: \(directives)", options: options), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(try recorder.answer().text == expected)
    await harness.settle()
  }

  @Test(
    "a failing CLI is an error",
    arguments: [
      ("no-result-exit", .lost), ("crash=2", .lost), ("kill=2", .lost), ("stderr-only", .refused),
    ] as [(String, ClaudeError.Kind)])
  func failures(directive: String, kind: ClaudeError.Kind) async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    _ = try await harness.run(harness.turn("simulate: \(directive)"), recorder)
    let failure = await recorder.failure()
    #expect(failure?.kind == kind)
    await harness.settle()
  }

  @Test("a CLI that stays silent after its answer fails the run by inactivity")
  func noResult() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    _ = try await harness.run(harness.turn("simulate: tokens=1 no-result"), recorder)
    await until { recorder.lines.contains { $0.contains("message_stop") } }
    harness.scheduler.advance(by: .seconds(30))
    let failure = await recorder.failure()
    #expect(failure?.kind == .inactivityTimeout)
    await harness.settle()
  }

  @Test("upstream failures and empty answers are errors")
  func badResults() async throws {
    for (directive, kind) in [
      ("api-error=529", ClaudeError.Kind.upstream(status: 529)), ("error-max-turns", .maxTurns),
    ] {
      let directory = TemporaryDirectory()
      let recorder = RunRecorder()
      let harness = ExecutorHarness(try StandInCLI.simulator, directory)
      _ = try await harness.run(harness.turn("simulate: \(directive)"), recorder)
      let result = await recorder.result()
      #expect(result.flatMap { ClaudeError($0)?.kind } == kind)
      await harness.settle()
    }
  }

  @Test("a session is resumed in another process, and an unknown one is reported")
  func sessions() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    _ = try await harness.run(harness.turn("one"), recorder)
    _ = await recorder.result()
    let second = RunRecorder()
    _ = try await harness.run(harness.turn("two\nsimulate: recall", .resume(id: ExecutorHarness.session)), second)
    _ = await second.result()
    #expect(try second.answer().text == "one | two")
    let unknown = RunRecorder()
    _ = try await harness.run(harness.turn("x", .resume(id: "99999999-2222-4333-8444-555555555555")), unknown)
    let result = await unknown.result()
    #expect(result.flatMap { ClaudeError($0)?.kind } == .sessionNotFound)
    await harness.settle()
  }

  @Test("environment and system prompt of the turn reach the CLI")
  func passing() async throws {
    var options = TurnOptions()
    options.systemPrompt = "--be brief"
    for (directive, expected) in [
      ("env=CLAUDE_CODE_DISABLE_FILE_MENTIONS", "1"), ("env=API_KEY", "(unset)"),
      ("init-request", #"{"subtype":"initialize","systemPromptSnapshot":false,"systemPrompt":["--be brief"]}"#),
    ] {
      let recorder = RunRecorder()
      let directory = TemporaryDirectory()
      let harness = ExecutorHarness(try StandInCLI.simulator, directory)
      _ = try await harness.run(harness.turn("simulate: \(directive)", options: options), recorder)
      _ = await recorder.result()
      #expect(try recorder.answer().text == expected)
      await harness.settle()
    }
  }

  @Test("the CLI works in the turn's directory")
  func directoryOfTheTurn() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    _ = try await harness.run(harness.turn("simulate: cwd"), recorder)
    _ = await recorder.result()
    #expect(try recorder.answer().text == directory.path)
    await harness.settle()
  }

  @Test("an unanswered permission is denied, and the turn continues")
  func denied() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    _ = try await harness.run(harness.turn("simulate: tokens=1 ask=Bash"), recorder)
    _ = await recorder.result()
    let answer = try recorder.answer()
    #expect(answer.text == "w0 ")
    #expect(
      answer.entries.contains(
        .failure("The request did not allow the tool Bash. It can be allowed with the option allowed-tools.")))
    await harness.settle()
  }

  // MARK: Teardown

  @Test("cancelling ends every process, even one in its own group that ignores SIGTERM")
  func cancellation() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    let run = try await harness.run(
      harness.turn("simulate: grandchild pid-file=\(directory.path)/pid tokens=100 hang=1 stubborn"), recorder)
    await until { recorder.lines.contains { $0.contains("content_block_delta") } }
    let text = try #require(directory.text(of: "pid"))
    let grandchild = try #require(Int32(text.filter { !$0.isWhitespace }))
    let identity = try #require(ProcessTable.entry(grandchild)?.identity)
    let child = try #require(run.pid.flatMap { ProcessTable.entry($0)?.identity })
    #expect(identity.isAlive && child.isAlive)
    run.remove(recorder)
    #expect(child.isAlive)
    await harness.settle()
    await until { !identity.isAlive }
    #expect(!child.isAlive)
  }

  @Test("processes left behind by the CLI are ended with the run")
  func leftovers() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    _ = try await harness.run(
      harness.turn("simulate: grandchild pid-file=\(directory.path)/pid tokens=1"), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    let text = try #require(directory.text(of: "pid"))
    let grandchild = try #require(Int32(text.filter { !$0.isWhitespace }))
    await harness.settle()
    await until { ProcessTable.entry(grandchild)?.identity.isAlive != true }
  }

  // MARK: Starting

  @Test("without a CLI the error lists the searched paths")
  func notFound() async {
    let harness = ExecutorHarness("/nowhere/claude", directory)
    let expected = ClaudeError(
      .cliNotFound,
      "The Claude Code CLI was not found. Install it or set CLAUDE_CLI_PATH. Looked at: /nowhere/claude",
      reachedCLI: false)
    // The second finds the session free again.
    for _ in 0..<2 {
      let refusal = await harness.refusal(of: harness.turn("p"))
      #expect(refusal == expected)
    }
    #expect(harness.executor.locateCLI() == nil)
    #expect(harness.executor.activeRuns == 0)
  }

  @Test("a missing directory fails before anything runs and frees the session")
  func cannotStart() async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    var turn = harness.turn("p")
    turn.directory = "\(directory.path)/gone"
    for _ in 0..<2 {
      let refusal = await harness.refusal(of: turn)
      #expect(refusal?.kind == .cannotStart)
      #expect(refusal?.reachedCLI == false)
    }
    #expect(harness.executor.liveProcesses == 0)
  }

  @Test("a workspace replaced by a link is refused")
  func swappedWorkspace() async throws {
    for name in ["base", "base/demo", "outside"] { try directory.makeDirectory(name) }
    let harness = ExecutorHarness(StandInCLI.script("touch started", in: directory), directory)
    var turn = harness.turn("p")
    turn.directory = "\(directory.path)/base/demo"
    turn.workspaceBase = "\(directory.path)/base"
    try #require(unsafe rename("\(directory.path)/base/demo", "\(directory.path)/base/old") == 0)
    try directory.makeLink("base/demo", to: "\(directory.path)/outside")
    let expected = ClaudeError(
      .workspaceUnusable,
      "The workspace demo cannot be used, because it is no longer the same directory: open directory: Not a directory",
      reachedCLI: false)
    // Twice: the session is free again.
    for _ in 0..<2 { #expect(await harness.refusal(of: turn) == expected) }
    #expect(harness.executor.liveProcesses == 0)
    #expect(directory.text(of: "outside/started") == nil)
  }

  @Test("a workspace base may be a link")
  func linkedBase() async throws {
    for name in ["real", "real/demo"] { try directory.makeDirectory(name) }
    try directory.makeLink("base", to: "\(directory.path)/real")
    let harness = ExecutorHarness(try StandInCLI.simulator, directory)
    var turn = harness.turn("simulate: cwd")
    turn.directory = "\(directory.path)/base/demo"
    turn.workspaceBase = "\(directory.path)/base"
    _ = try await harness.run(turn, recorder)
    _ = await recorder.result()
    #expect(try recorder.answer().text == "\(directory.path)/real/demo")
    await harness.settle()
  }

  @Test(
    "draining starts no runs and waits for running ones within its grace",
    arguments: [true, false])
  func draining(ends: Bool) async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    let run = try await harness.run(harness.turn("p"), recorder)
    let waiting = Task.onLoop { await harness.executor.drain(within: .seconds(10)) }
    await until { harness.scheduler.waits.contains(.seconds(10)) }
    let late = harness.turn("q", .new(id: "99999999-2222-4333-8444-555555555555"))
    #expect(await harness.refusal(of: late)?.kind == .cancelled)
    if ends { cli.emit(CLILine.result("a")) } else { harness.scheduler.advance(by: .seconds(10)) }
    await waiting.value
    #expect(harness.executor.activeRuns == (ends ? 0 : 1))
    run.cancel()
    await harness.settle()
    await harness.executor.drain(within: .seconds(10))
  }

  // MARK: One turn at a time

  @Test("a session's second turn waits for the first one's process to exit")
  func waiting() async throws {
    let cli = LiveCLI(in: directory, prelude: "trap '' TERM")
    let harness = ExecutorHarness(cli.path, directory)
    let first = try await harness.run(harness.turn("one"), recorder)
    let firstPID = try #require(first.pid)
    let second = RunRecorder()
    let task = Task.onLoop {
      try? await harness.run(harness.turn("two", .resume(id: ExecutorHarness.session)), second)
    }
    await nextTurn()
    #expect(harness.executor.activeRuns == 1)
    #expect(harness.executor.queuedTurns == 1)
    first.cancel()
    for _ in 0..<10 { await nextTurn() }
    // The run has ended, its process has not.
    #expect(harness.executor.activeRuns == 0)
    #expect(harness.executor.liveProcesses == 1)
    harness.scheduler.advance(by: ExecutorHarness.timeouts.kill)
    let run = try #require(await task.value)
    #expect(ProcessTable.entry(firstPID) == nil)
    #expect(run.pid != firstPID)
    #expect(harness.executor.liveProcesses == 1)
    run.cancel()
    await harness.settle()
  }

  @Test("turns of different sessions run concurrently")
  func sideBySide() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    let first = try await harness.run(harness.turn("one"), recorder)
    let second = try await harness.run(harness.turn("two", .new(id: "other")), RunRecorder())
    #expect(harness.executor.activeRuns == 2)
    first.cancel()
    second.cancel()
    await harness.settle()
  }

  @Test("a cancelled caller starts nothing, before and during the wait")
  func gaveUp() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    let first = try await harness.run(harness.turn("one"), recorder)
    let cancellation = CancellationSignal()
    let task = Task.onLoop {
      await harness.refusal(of: harness.turn("two", .resume(id: ExecutorHarness.session)), cancellation: cancellation)
    }
    await nextTurn()
    cancellation.cancel()
    #expect(await task.value == ClaudeError(.cancelled, "The client left", reachedCLI: false))
    first.cancel()
    await harness.settle()
    let late = await harness.refusal(of: harness.turn("three"), cancellation: cancellation)
    #expect(late == ClaudeError(.cancelled, "The client left", reachedCLI: false))
    #expect(harness.executor.liveProcesses == 0)
    // The session is free.
    let next = try await harness.run(harness.turn("four"), recorder)
    next.cancel()
    await harness.settle()
  }

  // MARK: Shutting down

  @Test("shutting down ends every run and every process")
  func shutDown() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("one"), recorder)
    _ = try await harness.run(harness.turn("two", .new(id: "other")), RunRecorder())
    await harness.executor.shutDown()
    #expect(harness.executor.liveProcesses == 0)
    #expect(recorder.outcomes == [.failed(.interrupted)])
    await harness.executor.shutDown()
  }

  @Test("a turn that waits for its session is not started after a shutdown")
  func shutDownWhileWaiting() async throws {
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory)
    _ = try await harness.run(harness.turn("one"), recorder)
    let task = Task.onLoop { await harness.refusal(of: harness.turn("two", .resume(id: ExecutorHarness.session))) }
    await nextTurn()
    await harness.executor.shutDown()
    #expect(await task.value?.kind == .cancelled)
    #expect(harness.executor.liveProcesses == 0)
    let late = await harness.refusal(of: harness.turn("three", .new(id: "other")))
    #expect(late?.kind == .cancelled)
    #expect(harness.executor.liveProcesses == 0)
  }
}
