import Bytes
import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

/// Parked runs that give up their processes to turns that wait for one.
@Reactor
@Suite(.bounded)
struct EvictionTests {
  private let directory = TemporaryDirectory()

  private static func session(_ number: Int) -> String { "999999\(10 + number)-2222-4333-8444-555555555555" }

  private func harness(processes: Int, reserved: Int = 0) throws -> ExecutorHarness {
    ExecutorHarness(
      try StandInCLI.simulator, directory, pool: .with { ($0.spares, $0.processes) = (0, processes) },
      turns: TurnGate.Limits(reserved: reserved))
  }

  /// Starts a turn whose function call is never answered.
  private func park(_ harness: ExecutorHarness, _ number: Int, principal: String = "") async throws -> Run {
    try await begin(harness, number, "call=f tokens=1", principal: principal) { await $0.outcome() != nil }
  }

  private func hang(_ harness: ExecutorHarness, _ number: Int, principal: String = "") async throws -> Run {
    try await begin(harness, number, "tokens=2 hang=1", principal: principal) { recorder in
      await until { recorder.lines.contains { $0.contains("w0 ") } }
      return true
    }
  }

  private func begin(
    _ harness: ExecutorHarness, _ number: Int, _ directives: String, principal: String,
    _ isThere: (RunRecorder) async -> Bool
  ) async throws -> Run {
    let recorder = RunRecorder()
    var turn = harness.turn("simulate: \(directives)", .new(id: Self.session(number)))
    turn.functions = [FunctionDeclaration(name: "f")]
    turn.principal = principal
    let run = try await harness.run(turn, recorder)
    #expect(await isThere(recorder))
    harness.scheduler.advance(by: .milliseconds(1))
    return run
  }

  private static let evicted = RunOutcome.failed(
    ClaudeError(
      .interrupted, "The run gave up its process to other turns while it waited for its client", reachedCLI: true))

  @Test("a turn without room ends the run that has been parked for the longest time")
  func longest() async throws {
    let harness = try harness(processes: 3)
    let runs = [try await park(harness, 1), try await park(harness, 2), try await hang(harness, 3)]
    let fourth = try await harness.complete("one", .new(id: Self.session(4)))
    #expect(fourth.result?.isError == false)
    #expect(runs.map(\.outcome) == [Self.evicted, nil, nil])
    #expect(harness.executor.parkedRuns == 1)
    // The idle process of the fourth session makes room first.
    _ = try await harness.complete("one", .new(id: Self.session(5)))
    #expect(runs.map(\.outcome) == [Self.evicted, nil, nil])
    await harness.executor.kill()
  }

  @Test("many turns that abandon their calls do not keep others waiting")
  func abandoned() async throws {
    let harness = try harness(processes: 2)
    for round in 0..<5 {
      for number in 0..<3 { _ = try await park(harness, 4 * round + number) }
      let other = try await harness.complete("one", .new(id: Self.session(4 * round + 3)))
      #expect(other.result?.isError == false, "round \(round)")
      #expect(harness.statistics.live <= 2)
    }
    await harness.executor.kill()
  }

  @Test("the principal with the most parked runs loses one, even if another has waited longer")
  func principals() async throws {
    let harness = try harness(processes: 3)
    let runs = [
      try await park(harness, 1, principal: "a"), try await park(harness, 2, principal: "b"),
      try await park(harness, 3, principal: "b"),
    ]
    _ = try await hang(harness, 4, principal: "c")
    #expect(runs.map(\.outcome) == [nil, Self.evicted, nil])
    await harness.executor.kill()
  }

  @Test("a run that parks while a turn waits for room gives its process up at once")
  func late() async throws {
    let harness = try harness(processes: 1)
    let recorder = RunRecorder()
    var turn = harness.turn("simulate: tokens=1 gap=600000 call=f", .new(id: Self.session(1)))
    turn.functions = [FunctionDeclaration(name: "f")]
    turn.content = [.text("simulate: preamble=1 delay=100 call=f")]
    let run = try await harness.run(turn, recorder)
    async let second = harness.complete("one", .new(id: Self.session(2)))
    let result = try await second.result
    #expect(result?.isError == false)
    #expect(run.outcome == Self.evicted)
    await harness.executor.kill()
  }

  @Test("runs that wait for a permission are ended only if no run waits for a function")
  func permissions() async throws {
    let harness = try harness(processes: 2)
    let recorder = RunRecorder()
    let options = TurnOptions.with { ($0.forwardsQuestions, $0.permissionMode) = (true, .manual) }
    let asking = try await harness.run(
      harness.turn("simulate: ask=Bash tokens=1", .new(id: Self.session(1)), options: options), recorder)
    #expect(await recorder.outcome() == .parked)
    harness.scheduler.advance(by: .milliseconds(1))
    let calling = try await park(harness, 2)
    _ = try await hang(harness, 3)
    #expect([asking.outcome, calling.outcome] == [nil, Self.evicted])
    _ = try await hang(harness, 4)
    #expect(asking.outcome == Self.evicted)
    await harness.executor.kill()
  }

  @Test("a principal that holds its share ends a parked run of its own for a new turn")
  func share() async throws {
    let harness = try harness(processes: 3, reserved: 1)
    let first = try await park(harness, 1, principal: "a")
    let second = try await park(harness, 2, principal: "a")
    #expect([first.outcome, second.outcome] == [nil, nil])
    let third = try await park(harness, 3, principal: "a")
    #expect([first.outcome, second.outcome, third.outcome] == [Self.evicted, nil, nil])
    let other = try await park(harness, 4, principal: "b")
    #expect([second.outcome, third.outcome, other.outcome] == [nil, nil, nil])
    await harness.executor.kill()
  }

  @Test("the error of a turn that found no room names what holds the processes")
  func message() async throws {
    let harness = try harness(processes: 1)
    _ = try await hang(harness, 1)
    let waiting = Task.onLoop { await harness.refusal(of: harness.turn("one", .new(id: Self.session(2)))) }
    await until { harness.executor.queuedTurns == 1 }
    harness.scheduler.advance(by: PoolLimits().timeout)
    #expect(
      await waiting.value?.message
        == "No process became free within 8.0 seconds: of 1 processes 1 run turns, 0 wait for results of tools, "
        + "0 are unused")
    await harness.executor.kill()
  }
}
