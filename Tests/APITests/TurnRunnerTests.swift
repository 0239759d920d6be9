import EventLoop
import HTTP
import HTTPServer
import Telemetry
import TestSupport
import Testing

@testable import API
@testable import ClaudeCode

/// Clients that leave before their answer has begun, and may come back.
@Reactor
@Suite(.timeLimit(.minutes(1)))
struct TurnRunnerTests {
  /// A request whose turn is under way, and a CLI that says what the test tells it to.
  @Reactor
  private final class Stage {
    let scheduler = ManualScheduler()
    let context = RequestContext.detached()
    let cli: LiveCLI
    let executor: ClaudeExecutor
    private let directory = TemporaryDirectory()
    private let runner: TurnRunner
    private let asked: RequestedTurn
    private static var ids = 0

    init(_ fields: [String]) throws {
      cli = LiveCLI(in: directory)
      var pool = PoolLimits()
      (pool.spares, pool.sessionIdle) = (0, .zero)
      executor = ClaudeExecutor(
        ClaudeExecutor.Configuration(
          locator: CLILocator(configured: cli.path, searchPath: "", home: nil),
          environment: CLIEnvironment(inherited: ["PATH": "/usr/bin:/bin"], usesSubscription: false), pool: pool),
        scheduler: scheduler, logger: .silent, newID: Stage.newID)
      runner = TurnRunner(
        executor: executor, turns: FactoryStage().factory, scheduler: scheduler, newID: Stage.newID)
      let turn = Turn(prompt: "p", session: .new(id: "s"), directory: directory.path)
      asked = RequestedTurn(
        .turn(turn), for: FactoryStage.me, RequestKey(try .of("POST", "/", fields), FactoryStage.me), context)
    }

    private static func newID() -> String {
      ids += 1
      return "turn-runner-\(ids)"
    }

    /// The form of the answer.
    enum Form: CaseIterable, Sendable {
      case streamed, whole
    }

    /// Starts the turn, and returns when the CLI has it.
    ///
    /// - Returns: the status of the error it ends with; nil for an answer.
    func begin(_ form: Form) async -> Task<Int?, Never> {
      let task = Task.onLoop { [self] () async -> Int? in
        do {
          switch form {
          case .streamed:
            let identity = ChatCompletionIdentity(id: "c", created: 1, model: "m")
            _ = try await runner.stream(asked) { _ in
              ChatCompletionEncoder(identity, includesUsage: false)
            } onEnd: { _, _, _ in
            }
          case .whole: _ = try await runner.collect(asked, RunCollector())
          }
          return nil
        } catch let error as HTTPError {
          return Int(error.status.rawValue)
        } catch {
          return -1
        }
      }
      cli.say(CLILine.initLine)
      await until { self.executor.activeRuns == 1 }
      return task
    }

    func end() async { await executor.kill() }
  }

  private static let grace = Duration.seconds(2)
  private static let repeating = ["x-stainless-lang: python", "x-stainless-retry-count: 0"]

  @Test("how long a run goes on for a client that may repeat its request", arguments: Stage.Form.allCases)
  private func grace(form: Stage.Form) async throws {
    let outcomes = try await LimitTable.row("repeated request, \(form)", Self.grace) { offset in
      let stage = try Stage(Self.repeating)
      let answer = await stage.begin(form)
      stage.context.departure.cancel()
      stage.scheduler.advance(by: Self.grace + .milliseconds(offset))
      let runs = stage.executor.activeRuns
      stage.scheduler.advance(by: .milliseconds(1))
      #expect(stage.executor.activeRuns == 0)
      #expect(await answer.value == 503)
      await stage.end()
      return runs == 1 ? "goes on" : "ends"
    }
    #expect(outcomes == ["goes on", "ends", "ends"])
  }

  @Test("for any other client it ends at once", arguments: Stage.Form.allCases)
  private func withoutGrace(form: Stage.Form) async throws {
    let stage = try Stage(["user-agent: curl"])
    let answer = await stage.begin(form)
    stage.context.departure.cancel()
    #expect(stage.executor.activeRuns == 0)
    #expect(await answer.value == 503)
    await stage.end()
  }

  @Test("a run that ends within the grace ends well", arguments: Stage.Form.allCases)
  private func endWithinGrace(form: Stage.Form) async throws {
    let stage = try Stage(Self.repeating)
    let answer = await stage.begin(form)
    stage.context.departure.cancel()
    for line in CLILine.message("m", "a") + [CLILine.result("a")] { stage.cli.say(line) }
    #expect(await answer.value == nil)
    await until { stage.executor.activeRuns == 0 }
    // The time of the grace passes without a run to end.
    stage.scheduler.advance(by: Self.grace)
    #expect(stage.executor.processes.killed == 0)
    await stage.end()
  }
}
