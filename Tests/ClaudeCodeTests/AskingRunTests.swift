import Bytes
import ClaudeCodeTestSupport
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// Runs whose client is asked what the CLI would ask its user.
@Reactor
@Suite(.bounded)
struct AskingRunTests {
  private let directory = TemporaryDirectory()
  private let recorder = RunRecorder()
  private let second = RunRecorder()

  private static var asking: TurnOptions {
    var options = TurnOptions()
    options.permissionMode = .manual
    options.forwardsQuestions = true
    return options
  }

  private func harness() throws -> ExecutorHarness { ExecutorHarness(try StandInCLI.simulator, directory) }

  /// A run that has asked.
  private func asked(_ harness: ExecutorHarness, _ directives: String = "ask=Bash tokens=1") async throws -> Run {
    let run = try await harness.run(harness.turn("simulate: \(directives)", options: Self.asking), recorder)
    let outcome = await recorder.outcome()
    #expect(outcome == .parked)
    return run
  }

  private func answer(_ harness: ExecutorHarness, _ run: Run, _ said: String) throws {
    let results = run.openCalls.map { ($0, FunctionResult([.text(said)])) }
    try harness.executor.resume(run, Dictionary(uniqueKeysWithValues: results), observer: second)
  }

  // MARK: With the simulator

  @Test("a permission request parks the run before any tool runs")
  func asks() async throws {
    let harness = try harness()
    let run = try await asked(harness)
    #expect(recorder.questions.map(\.tool) == ["Bash"])
    #expect(recorder.questions.map(\.input) == [["command": "echo hi"]])
    #expect(run.openCalls == recorder.questions.map(\.callID))
    #expect(harness.executor.parkedRuns == 1)
    #expect(!recorder.lines.contains { $0.contains("tool_result") })
    run.cancel()
    await harness.settle()
  }

  @Test("an allowed tool runs with the requested input")
  func allowed() async throws {
    let harness = try harness()
    let run = try await asked(harness)
    try answer(harness, run, "allow")
    let result = await second.result()
    #expect(result?.isError == false)
    #expect(second.lines.contains { $0.contains(#"ran Bash with {\"command\":\"echo hi\"}"#) })
    #expect(try second.answer().text == "w0 ")
    #expect(second.questions.isEmpty)
    await harness.settle()
  }

  @Test("a denied tool gets the reason, and the turn continues")
  func denied() async throws {
    let harness = try harness()
    let run = try await asked(harness)
    try answer(harness, run, "deny: not today")
    let result = await second.result()
    #expect(result?.isError == false)
    #expect(try second.answer().entries == [.failure("not today"), .text("w0 ")])
    await harness.settle()
  }

  @Test("permission requests of one message are sent together and answered separately")
  func several() async throws {
    let harness = try harness()
    let run = try await asked(harness, "ask=Bash,Edit tokens=1")
    #expect(recorder.questions.map(\.tool) == ["Bash", "Edit"])
    let calls = run.openCalls
    #expect(calls.count == 2)
    let results = [calls[0]: FunctionResult([.text("allow")]), calls[1]: FunctionResult([.text("deny")])]
    try harness.executor.resume(run, results, observer: second)
    _ = await second.result()
    #expect(second.lines.contains { $0.contains("ran Bash with") })
    #expect(!second.lines.contains { $0.contains("ran Edit with") })
    #expect(try second.answer().entries == [.failure("The user denied it."), .text("w0 ")])
    await harness.settle()
  }

  @Test("tools in allowed-tools need no permission request")
  func named() async throws {
    let harness = try harness()
    var options = Self.asking
    options.allowedTools = ["Bash"]
    _ = try await harness.run(harness.turn("simulate: ask=Bash tokens=1", options: options), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(recorder.questions.isEmpty)
    #expect(recorder.lines.contains { $0.contains("ran Bash with") })
    await harness.settle()
  }

  @Test("tools that ask the user are denied", arguments: ["AskUserQuestion", "ExitPlanMode"])
  func interactive(tool: String) async throws {
    let harness = try harness()
    _ = try await harness.run(harness.turn("simulate: ask=\(tool) tokens=1", options: Self.asking), recorder)
    _ = await recorder.result()
    #expect(recorder.questions.isEmpty)
    let reason = "No user can answer now. Continue without an answer, and state your assumptions."
    #expect(try recorder.answer().entries.contains(.failure(reason)))
    await harness.settle()
  }

  @Test("without permission-mode ask, no request is forwarded")
  func notAsked() async throws {
    let harness = try harness()
    var options = TurnOptions()
    options.permissionMode = .manual
    _ = try await harness.run(harness.turn("simulate: ask=Bash tokens=1", options: options), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(recorder.questions.isEmpty)
    await harness.settle()
  }

  // MARK: Line by line

  private func live() -> (LiveCLI, ExecutorHarness) {
    let cli = LiveCLI(in: directory)
    return (cli, ExecutorHarness(cli.path, directory))
  }

  private func withdrawal(_ id: String) -> String { #"{"type":"control_cancel_request","request_id":"\#(id)"}"# }

  @Test("a second permission request waits until the first is answered")
  func oneAfterTheOther() async throws {
    let (cli, harness) = live()
    let run = try await harness.run(harness.turn("p", options: Self.asking), recorder)
    cli.emit(CLILine.question("1"))
    #expect(await recorder.outcome() == .parked)
    let watch = RunRecorder()
    run.add(watch)
    cli.emit(CLILine.question("2"))
    cli.emit(CLILine.initLine)
    // What comes behind the question has been read, and so has the question.
    await watch.lines(1)
    #expect(recorder.questions.map(\.callID) == ["approve_1"])
    #expect(run.openCalls == ["approve_1"])
    try answer(harness, run, "allow")
    #expect(await second.outcome() == .parked)
    #expect(second.questions.map(\.callID) == ["approve_2"])
    #expect(run.openCalls == ["approve_2"])
    run.cancel()
    await harness.settle()
  }

  @Test("a run ends when its only permission request is withdrawn")
  func withdrawn() async throws {
    let (cli, harness) = live()
    let run = try await harness.run(harness.turn("p", options: Self.asking), recorder)
    cli.emit(CLILine.question("1"))
    #expect(await recorder.outcome() == .parked)
    cli.emit(withdrawal("1"))
    await until { harness.executor.activeRuns == 0 }
    #expect(run.openCalls.isEmpty && harness.executor.parkedRuns == 0)
    #expect(recorder.outcomes == [.parked])
    await harness.settle()
  }

  @Test("when one of two requests is withdrawn, the run waits for the other")
  func oneWithdrawn() async throws {
    let (cli, harness) = live()
    let run = try await harness.run(harness.turn("p", options: Self.asking), recorder)
    cli.emit(CLILine.messageStart("m"))
    cli.emit(CLILine.question("1"))
    cli.emit(CLILine.question("2"))
    cli.emit(CLILine.messageDelta("tool_use"))
    cli.emit(CLILine.messageStop)
    #expect(await recorder.outcome() == .parked)
    cli.emit(withdrawal("1"))
    await until { run.openCalls.count < 2 }
    #expect(run.openCalls == ["approve_2"])
    #expect(harness.executor.parkedRuns == 1)
    run.cancel()
    await harness.settle()
  }

  @Test("a request withdrawn before it was sent is never sent")
  func withdrawnInTime() async throws {
    let (cli, harness) = live()
    let run = try await harness.run(harness.turn("p", options: Self.asking), recorder)
    cli.emit(CLILine.messageStart("m"))
    cli.emit(CLILine.question("1"))
    cli.emit(withdrawal("1"))
    cli.emit(CLILine.messageDelta("tool_use"))
    cli.emit(CLILine.messageStop)
    for line in CLILine.message("n", "a") + [CLILine.result("a")] { cli.emit(line) }
    let result = await recorder.result()
    #expect(result?.text == "a")
    #expect(recorder.questions.isEmpty && run.pid == nil)
    await harness.settle()
  }
}
