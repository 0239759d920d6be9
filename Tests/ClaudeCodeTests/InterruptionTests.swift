import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.timeLimit(.minutes(1)))
struct InterruptionTests {
  /// A process in a turn, which says what the test tells it to, and what it is asked.
  @Reactor
  private final class Stage {
    let scheduler = ManualScheduler()
    let directory = TemporaryDirectory()
    let cli: LiveCLI
    let process: ClaudeProcess
    private(set) var ends: [Bool] = []
    private var hasExited = false

    static let timeout = PoolLimits().interrupt

    init(_ name: String) throws {
      // A shell gives what it starts in the background an empty input, unless it is told otherwise.
      cli = LiveCLI(in: directory, prelude: "exec 3<&0; cat <&3 > '\(directory.path)/input' & exec 3<&-")
      let turn = Turn(prompt: "p", session: .new(id: "s"), directory: directory.path)
      let fingerprint = Fingerprint(turn, settingSources: nil)
      weak var stage: Stage?
      process = try ClaudeProcess(
        ChildCommand(
          executable: cli.path, arguments: [], environment: ["PATH": "/usr/bin:/bin"], directory: directory.path),
        fingerprint, sessionID: "s", id: "interruption-\(name)-\(directory.path)", onReady: { _ in },
        onExit: { _ in stage?.hasExited = true })
      process.begin(turn, as: fingerprint, id: "1", line: ControlMessage.user(turn.content))
      stage = self
    }

    /// The CLI begins its turn.
    func beginTurn() async {
      cli.say(CLILine.initLine)
      await until { self.process.hasBegunTurn }
    }

    func interrupt() {
      _ = Interruption(process, timeout: Stage.timeout, scheduler) { [self] in ends.append($0) }
    }

    var hasBeenAsked: Bool { directory.text(of: "input")?.contains(#""subtype":"interrupt""#) == true }

    /// What the CLI has been told arrives in order, so after this nothing is under way.
    func hasHeard() async {
      process.send(ControlMessage.status(id: "mark"))
      await until { self.directory.text(of: "input")?.contains("mark") == true }
    }

    func end() async {
      process.tearDown(.immediate, scheduler)
      await until { self.hasExited }
    }
  }

  @Test("a turn that has begun is interrupted at once; its result makes the process fit, and settles its cost")
  func begun() async throws {
    let stage = try Stage("begun")
    await stage.beginTurn()
    stage.interrupt()
    await until { stage.hasBeenAsked }
    #expect(stage.ends.isEmpty)
    stage.cli.say(CLILine.text("too late"))
    stage.cli.say(CLILine.result("", isError: true, more: #","total_cost_usd":0.25"#))
    await until { !stage.ends.isEmpty }
    #expect(stage.ends == [true])
    #expect(stage.process.cost == 0.25)
    #expect(stage.scheduler.waits.isEmpty)
    #expect(stage.process.owner == nil)
    await stage.end()
    #expect(stage.ends == [true])
  }

  @Test("a turn that has not begun is interrupted when it does, not before")
  func notBegun() async throws {
    let stage = try Stage("not-begun")
    stage.interrupt()
    await stage.hasHeard()
    #expect(!stage.hasBeenAsked)
    await stage.beginTurn()
    await until { stage.hasBeenAsked }
    stage.cli.say(CLILine.result("", isError: true))
    await until { !stage.ends.isEmpty }
    #expect(stage.ends == [true])
    await stage.end()
  }

  @Test("it is asked once, whatever it says then")
  func once() async throws {
    let stage = try Stage("once")
    await stage.beginTurn()
    stage.interrupt()
    for _ in 0..<3 { stage.cli.say(CLILine.text("a")) }
    stage.cli.say(CLILine.result("", isError: true))
    await until { !stage.ends.isEmpty }
    await stage.hasHeard()
    #expect(stage.directory.text(of: "input")?.ranges(of: "interrupt-1").count == 1)
    await stage.end()
  }

  @Test("how long a process may take to end its turn")
  func timeout() async throws {
    let outcomes = try await LimitTable.row("end of an interrupted turn", Stage.timeout) { offset in
      let stage = try Stage("timeout\(offset)")
      await stage.beginTurn()
      stage.interrupt()
      stage.scheduler.advance(by: Stage.timeout + .milliseconds(offset))
      if stage.ends.isEmpty {
        stage.cli.say(CLILine.result("", isError: true))
        await until { !stage.ends.isEmpty }
      }
      let ends = stage.ends
      await stage.end()
      return ends == [true] ? "fit" : ends == [false] ? "not fit" : "\(ends)"
    }
    #expect(outcomes == ["fit", "not fit", "not fit"])
  }

  @Test("a process that ends instead is not fit")
  func exit() async throws {
    let stage = try Stage("exit")
    await stage.beginTurn()
    stage.interrupt()
    await stage.end()
    #expect(stage.ends == [false])
    #expect(stage.scheduler.waits.isEmpty)
  }
}
