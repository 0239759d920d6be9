import Bytes
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import API
@testable import Turns
@testable import ClaudeCode

/// Turns whose text ends at a stop sequence, with a CLI that would have said more.
@Reactor
@Suite(.timeLimit(.minutes(1)))
struct StoppedRunTests {
  private static let session = "11111111-2222-4333-8444-555555555555"

  private let directory = TemporaryDirectory()
  private let scheduler = ManualScheduler()
  private let executor: ClaudeExecutor

  init() throws {
    var pool = PoolLimits()
    pool.spares = 0
    executor = ClaudeExecutor(
      ClaudeExecutor.Configuration(
        locator: CLILocator(configured: try StandInCLI.simulator, searchPath: "", home: nil),
        environment: CLIEnvironment(
          inherited: ["PATH": "/usr/bin:/bin", "HOME": directory.path], usesSubscription: false), pool: pool),
      scheduler: scheduler, logger: .silent, newID: StoppedRunTests.newID)
  }

  private static var ids = 0

  private static func newID() -> String {
    ids += 1
    return "stopped-run-\(ids)"
  }

  private func run(
    _ directives: String, _ session: Turn.Session = .new(id: session), _ observe: @Reactor (Run) -> any RunObserver
  ) async throws -> Run {
    let turn = Turn(prompt: "simulate: \(directives)", session: session, directory: directory.path)
    let run = try await executor.run(
      turn, id: Self.newID(), cancellation: CancellationSignal(), logger: .silent)
    run.add(observe(run))
    run.start()
    return run
  }

  /// The session's next turn is served by the process that was interrupted.
  private func checkProcess() async throws {
    await until { executor.processStatistics.idle == 1 }
    let next = RunCollector(ChatCompletionEncoder(.example, includesUsage: false, isStreamed: false))
    _ = try await run("tokens=1", .resume(id: Self.session)) { _ in next }
    #expect(try await next.collected().0.writer.message.text == "w0 ")
    let statistics = executor.processStatistics
    #expect(statistics.spawned == 1 && statistics.reused == 1 && statistics.killed == 0)
    await executor.kill()
  }

  @Test("a whole answer ends before the sequence, and the process is kept")
  func whole() async throws {
    let collector = RunCollector(
      ChatCompletionEncoder(.example, includesUsage: false, isStreamed: false, AnswerPlan(stop: ["w3", "w2 "])))
    let run = try await run("tokens=500 gap=10") { _ in collector }
    let (encoder, outcome) = try await collector.collected()
    #expect(encoder.writer.message.text == "w0 w1 " && outcome == .complete)
    let choice = try JSONValue(parsing: encoder.writer.document)["choices"]?.array?.first
    #expect(choice?["finish_reason"] == "stop")
    #expect(executor.activeRuns == 0 && run.pid == nil)
    try await checkProcess()
  }

  @Test("so does a streamed one")
  func streamed() async throws {
    var said: [String] = []
    var outcomes: [AnswerOutcome] = []
    let identity = ChatCompletionIdentity(id: "c", created: 1, model: "m")
    let encoder = ChatCompletionEncoder(identity, includesUsage: false, AnswerPlan(stop: ["w2"]))
    let stream = RunStream(encoder, scheduler: scheduler) { encoder, outcome in
      said.append(encoder.writer.message.text)
      outcomes.append(outcome)
    }
    _ = try await run("tokens=500 gap=10") { run in
      stream.follow(run)
      return stream
    }
    await until { !outcomes.isEmpty }
    #expect(said == ["w0 w1 "])
    #expect(outcomes == [.complete])
    #expect(executor.activeRuns == 0)
    try await checkProcess()
  }

  @Test("a sequence in what the model thinks does not count")
  func thinking() async throws {
    let collector = RunCollector(
      ChatCompletionEncoder(.example, includesUsage: false, isStreamed: false, AnswerPlan(stop: ["t1"])))
    _ = try await run("thinking=3 tokens=2") { _ in collector }
    let (encoder, outcome) = try await collector.collected()
    let message = try JSONValue(parsing: encoder.writer.document)["choices"]?.array?.first?["message"]
    #expect(message?["content"] == "w0 w1 " && message?["reasoning_content"] == "t0 t1 t2 ")
    guard case .ended(.result(let result)) = outcome else {
      Issue.record("ended with \(outcome)")
      return
    }
    #expect(!result.isError)
    await executor.kill()
  }
}
