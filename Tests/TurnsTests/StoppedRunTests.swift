import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import ClaudeCode
@testable import Turns

/// Turns whose text ends at a stop sequence, with a CLI that would have said more.
@Reactor
@Suite(.bounded)
struct StoppedRunTests {
  private static let session = "11111111-2222-4333-8444-555555555555"

  private let directory = TemporaryDirectory()
  private let scheduler = ManualScheduler()
  private let executor: ClaudeExecutor

  init() throws {
    executor = ClaudeExecutor(
      .test(try StandInCLI.simulator, home: directory.path, pool: .keeping), scheduler: scheduler, logger: .silent,
      newID: UniqueIDs.next)
  }

  private func run(
    _ directives: String, _ session: Turn.Session = .new(id: session), _ observe: @Reactor (Run) -> any RunObserver
  ) async throws -> Run {
    let turn = Turn(prompt: "simulate: \(directives)", session: session, directory: directory.path)
    let run = try await executor.run(
      turn, id: UniqueIDs.next(), cancellation: CancellationSignal(), logger: .silent)
    run.add(observe(run))
    run.start()
    return run
  }

  /// The session's next turn is served by the process that was interrupted.
  private func checkProcess() async throws {
    await until { executor.processStatistics.idle == 1 }
    let next = RunCollector(PlainEncoder())
    _ = try await run("tokens=1", .resume(id: Self.session)) { _ in next }
    #expect(try await next.collected().0.writer.message.text == "w0 ")
    let statistics = executor.processStatistics
    #expect(statistics.spawned == 1 && statistics.reused == 1 && statistics.killed == 0)
    await executor.kill()
  }

  @Test("an unstreamed answer ends before the sequence, and the process is kept")
  func whole() async throws {
    let collector = RunCollector(PlainEncoder(stop: ["w3", "w2 "]))
    let run = try await run("tokens=500 gap=10") { _ in collector }
    let (encoder, outcome) = try await collector.collected()
    #expect(encoder.writer.message.text == "w0 w1 " && outcome == .complete)
    #expect(executor.activeRuns == 0 && run.pid == nil)
    try await checkProcess()
  }

  @Test("a sequence in thinking does not count")
  func thinking() async throws {
    let collector = RunCollector(PlainEncoder(stop: ["t1"]))
    _ = try await run("thinking=3 tokens=2") { _ in collector }
    let (encoder, outcome) = try await collector.collected()
    #expect(encoder.writer.message.text == "w0 w1 " && encoder.writer.thinking == "t0 t1 t2 ")
    guard case .ended(.result(let result)) = outcome else {
      Issue.record("ended with \(outcome)")
      return
    }
    #expect(!result.isError)
    await executor.kill()
  }
}
