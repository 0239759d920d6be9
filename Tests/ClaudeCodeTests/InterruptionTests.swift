import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct InterruptionTests {
  /// A process in a turn, which says what the test tells it to, and what it is asked.
  @Reactor
  private final class Harness {
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
      weak var harness: Harness?
      process = try ClaudeProcess(
        ChildCommand(
          executable: cli.path, arguments: [], environment: ["PATH": "/usr/bin:/bin"], directory: directory.path),
        fingerprint, sessionID: "s", id: "interruption-\(name)-\(directory.path)", onReady: { _ in },
        onExit: { _ in harness?.hasExited = true })
      process.begin(turn, as: fingerprint, id: "1", line: ControlMessage.user(turn.content))
      harness = self
    }

    /// The CLI begins its turn.
    func beginTurn() async {
      cli.emit(CLILine.initLine)
      await until { self.process.hasBegunTurn }
    }

    func interrupt() {
      _ = Interruption(process, timeout: Harness.timeout, scheduler) { [self] in ends.append($0) }
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

  @Test("a started turn is interrupted at once, and its result makes the process reusable")
  func begun() async throws {
    let harness = try Harness("begun")
    await harness.beginTurn()
    harness.interrupt()
    await until { harness.hasBeenAsked }
    #expect(harness.ends.isEmpty)
    harness.cli.emit(CLILine.text("too late"))
    harness.cli.emit(CLILine.result("", isError: true, more: #","total_cost_usd":0.25"#))
    await until { !harness.ends.isEmpty }
    #expect(harness.ends == [true])
    #expect(harness.process.cost == 0.25)
    #expect(harness.scheduler.waits.isEmpty)
    #expect(harness.process.owner == nil)
    await harness.end()
    #expect(harness.ends == [true])
  }

  @Test("a turn that has not started is interrupted when it starts")
  func notBegun() async throws {
    let harness = try Harness("not-begun")
    harness.interrupt()
    await harness.hasHeard()
    #expect(!harness.hasBeenAsked)
    await harness.beginTurn()
    await until { harness.hasBeenAsked }
    harness.cli.emit(CLILine.result("", isError: true))
    await until { !harness.ends.isEmpty }
    #expect(harness.ends == [true])
    await harness.end()
  }

  @Test("the interrupt is sent once")
  func once() async throws {
    let harness = try Harness("once")
    await harness.beginTurn()
    harness.interrupt()
    for _ in 0..<3 { harness.cli.emit(CLILine.text("a")) }
    harness.cli.emit(CLILine.result("", isError: true))
    await until { !harness.ends.isEmpty }
    await harness.hasHeard()
    #expect(harness.directory.text(of: "input")?.ranges(of: "interrupt-1").count == 1)
    await harness.end()
  }

  @Test("a process must end an interrupted turn within the limit")
  func timeout() async throws {
    let outcomes = try await LimitTable.row("end of an interrupted turn", Harness.timeout) { offset in
      let harness = try Harness("timeout\(offset)")
      await harness.beginTurn()
      harness.interrupt()
      harness.scheduler.advance(by: Harness.timeout + .milliseconds(offset))
      if harness.ends.isEmpty {
        harness.cli.emit(CLILine.result("", isError: true))
        await until { !harness.ends.isEmpty }
      }
      let ends = harness.ends
      await harness.end()
      return ends == [true] ? "fit" : ends == [false] ? "not fit" : "\(ends)"
    }
    #expect(outcomes == ["fit", "not fit", "not fit"])
  }

  @Test("a process that exits instead is not reusable")
  func exit() async throws {
    let harness = try Harness("exit")
    await harness.beginTurn()
    harness.interrupt()
    await harness.end()
    #expect(harness.ends == [false])
    #expect(harness.scheduler.waits.isEmpty)
  }
}
