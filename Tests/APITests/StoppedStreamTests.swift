import ClaudeCodeTestSupport
import EventLoop
import Telemetry
import TestSupport
import Testing
import Turns

@testable import API
@testable import ClaudeCode

/// A stream that ends at a stop sequence, with a CLI that would have said more.
@Reactor
@Suite(.bounded)
struct StoppedStreamTests {
  private static let session = "11111111-2222-4333-8444-555555555555"

  @Test("a stream ends before the sequence, and the process is kept")
  func streamed() async throws {
    let directory = TemporaryDirectory()
    let scheduler = ManualScheduler()
    let executor = ClaudeExecutor(
      .test(try StandInCLI.simulator, home: directory.path, pool: .keeping), scheduler: scheduler, logger: .silent,
      newID: UniqueIDs.next)
    var texts: [String] = []
    var outcomes: [AnswerOutcome] = []
    let identity = ChatCompletionIdentity(id: "c", created: 1, model: "m")
    let encoder = ChatCompletionEncoder(identity, includesUsage: false, AnswerPlan(stop: ["w2"]))
    let stream = RunStream(encoder, scheduler: scheduler) { encoder, outcome in
      texts.append(encoder.writer.message.text)
      outcomes.append(outcome)
    }
    let turn = Turn(
      prompt: "simulate: tokens=500 gap=10", session: .new(id: Self.session), directory: directory.path)
    let run = try await executor.run(
      turn, id: UniqueIDs.next(), cancellation: CancellationSignal(), logger: .silent)
    stream.follow(run)
    run.add(stream)
    run.start()
    await until { !outcomes.isEmpty }
    #expect(texts == ["w0 w1 "])
    #expect(outcomes == [.complete])
    #expect(executor.activeRuns == 0)
    await until { executor.processStatistics.idle == 1 }
    #expect(executor.processStatistics.spawned == 1 && executor.processStatistics.killed == 0)
    await executor.kill()
  }
}
