import Bytes
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// Runs whose client is asked what the CLI would ask its user.
@Reactor
@Suite(.timeLimit(.minutes(1)))
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

  private func stage() throws -> ExecutorStage { ExecutorStage(try StandInCLI.simulator, directory) }

  /// A run that has asked.
  private func asked(_ stage: ExecutorStage, _ directives: String = "ask=Bash tokens=1") async throws -> Run {
    let run = try await stage.run(stage.turn("simulate: \(directives)", options: Self.asking), recorder)
    let outcome = await recorder.outcome()
    #expect(outcome == .parked)
    return run
  }

  private func answer(_ stage: ExecutorStage, _ run: Run, _ said: String) throws {
    let results = run.openCalls.map { ($0, FunctionResult([.text(said)])) }
    try stage.executor.resume(run, Dictionary(uniqueKeysWithValues: results), observer: second)
  }

  // MARK: With the simulator

  @Test("the question parks the run, and its client has it; nothing has run yet")
  func asks() async throws {
    let stage = try stage()
    let run = try await asked(stage)
    #expect(recorder.questions.map(\.tool) == ["Bash"])
    #expect(recorder.questions.map(\.input) == [["command": "echo hi"]])
    #expect(run.openCalls == recorder.questions.map(\.callID))
    #expect(stage.executor.parkedRuns == 1)
    #expect(!recorder.lines.contains { $0.contains("tool_result") })
    run.cancel()
    await stage.settle()
  }

  @Test("allowed, the tool runs with what was asked")
  func allowed() async throws {
    let stage = try stage()
    let run = try await asked(stage)
    try answer(stage, run, "allow")
    let result = await second.result()
    #expect(result?.isError == false)
    #expect(second.lines.contains { $0.contains(#"ran Bash with {\"command\":\"echo hi\"}"#) })
    #expect(try second.answer().text == "w0 ")
    #expect(second.questions.isEmpty)
    await stage.settle()
  }

  @Test("denied, the CLI hears why, and the turn goes on")
  func denied() async throws {
    let stage = try stage()
    let run = try await asked(stage)
    try answer(stage, run, "deny: not today")
    let result = await second.result()
    #expect(result?.isError == false)
    #expect(try second.answer().entries == [.failure("not today"), .text("w0 ")])
    await stage.settle()
  }

  @Test("questions of one message are put together, and each has its own answer")
  func several() async throws {
    let stage = try stage()
    let run = try await asked(stage, "ask=Bash,Edit tokens=1")
    #expect(recorder.questions.map(\.tool) == ["Bash", "Edit"])
    let calls = run.openCalls
    #expect(calls.count == 2)
    let results = [calls[0]: FunctionResult([.text("allow")]), calls[1]: FunctionResult([.text("deny")])]
    try stage.executor.resume(run, results, observer: second)
    _ = await second.result()
    #expect(second.lines.contains { $0.contains("ran Bash with") })
    #expect(!second.lines.contains { $0.contains("ran Edit with") })
    #expect(try second.answer().entries == [.failure("The user denied it."), .text("w0 ")])
    await stage.settle()
  }

  @Test("a tool that allowed-tools names is not asked about")
  func named() async throws {
    let stage = try stage()
    var options = Self.asking
    options.allowedTools = ["Bash"]
    _ = try await stage.run(stage.turn("simulate: ask=Bash tokens=1", options: options), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(recorder.questions.isEmpty)
    #expect(recorder.lines.contains { $0.contains("ran Bash with") })
    await stage.settle()
  }

  @Test("tools that are questions to a person are denied as before", arguments: ["AskUserQuestion", "ExitPlanMode"])
  func interactive(tool: String) async throws {
    let stage = try stage()
    _ = try await stage.run(stage.turn("simulate: ask=\(tool) tokens=1", options: Self.asking), recorder)
    _ = await recorder.result()
    #expect(recorder.questions.isEmpty)
    let reason = "No user can answer now. Continue without an answer, and state your assumptions."
    #expect(try recorder.answer().entries.contains(.failure(reason)))
    await stage.settle()
  }

  @Test("without the option nobody is asked")
  func notAsked() async throws {
    let stage = try stage()
    var options = TurnOptions()
    options.permissionMode = .manual
    _ = try await stage.run(stage.turn("simulate: ask=Bash tokens=1", options: options), recorder)
    let result = await recorder.result()
    #expect(result?.isError == false)
    #expect(recorder.questions.isEmpty)
    await stage.settle()
  }

  // MARK: Line by line

  private func live() -> (LiveCLI, ExecutorStage) {
    let cli = LiveCLI(in: directory)
    return (cli, ExecutorStage(cli.path, directory))
  }

  private func withdrawal(_ id: String) -> String { #"{"type":"control_cancel_request","request_id":"\#(id)"}"# }

  @Test("a question that comes while the client is busy with another is put when that is answered")
  func oneAfterTheOther() async throws {
    let (cli, stage) = live()
    let run = try await stage.run(stage.turn("p", options: Self.asking), recorder)
    cli.say(CLILine.question("1"))
    #expect(await recorder.outcome() == .parked)
    let watch = RunRecorder()
    run.add(watch)
    cli.say(CLILine.question("2"))
    cli.say(CLILine.initLine)
    // What comes behind the question has been read, and so has the question.
    await watch.lines(1)
    #expect(recorder.questions.map(\.callID) == ["approve_1"])
    #expect(run.openCalls == ["approve_1"])
    try answer(stage, run, "allow")
    #expect(await second.outcome() == .parked)
    #expect(second.questions.map(\.callID) == ["approve_2"])
    #expect(run.openCalls == ["approve_2"])
    run.cancel()
    await stage.settle()
  }

  @Test("when the only question is withdrawn the run ends: nobody hears what comes of it")
  func withdrawn() async throws {
    let (cli, stage) = live()
    let run = try await stage.run(stage.turn("p", options: Self.asking), recorder)
    cli.say(CLILine.question("1"))
    #expect(await recorder.outcome() == .parked)
    cli.say(withdrawal("1"))
    await until { stage.executor.activeRuns == 0 }
    #expect(run.openCalls.isEmpty && stage.executor.parkedRuns == 0)
    #expect(recorder.outcomes == [.parked])
    await stage.settle()
  }

  @Test("when one of two is withdrawn the other is waited for")
  func oneWithdrawn() async throws {
    let (cli, stage) = live()
    let run = try await stage.run(stage.turn("p", options: Self.asking), recorder)
    cli.say(CLILine.messageStart("m"))
    cli.say(CLILine.question("1"))
    cli.say(CLILine.question("2"))
    cli.say(CLILine.messageDelta("tool_use"))
    cli.say(CLILine.messageStop)
    #expect(await recorder.outcome() == .parked)
    cli.say(withdrawal("1"))
    await until { run.openCalls.count < 2 }
    #expect(run.openCalls == ["approve_2"])
    #expect(stage.executor.parkedRuns == 1)
    run.cancel()
    await stage.settle()
  }

  @Test("a question that is withdrawn before it is put is not put")
  func withdrawnInTime() async throws {
    let (cli, stage) = live()
    let run = try await stage.run(stage.turn("p", options: Self.asking), recorder)
    cli.say(CLILine.messageStart("m"))
    cli.say(CLILine.question("1"))
    cli.say(withdrawal("1"))
    cli.say(CLILine.messageDelta("tool_use"))
    cli.say(CLILine.messageStop)
    for line in CLILine.message("n", "a") + [CLILine.result("a")] { cli.say(line) }
    let result = await recorder.result()
    #expect(result?.text == "a")
    #expect(recorder.questions.isEmpty && run.pid == nil)
    await stage.settle()
  }
}
