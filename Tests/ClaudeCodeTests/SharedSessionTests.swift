import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing

@testable import ClaudeCode

/// Sessions that somebody in a terminal goes on with. The simulator writes no transcripts; the test does.
@Reactor
@Suite(.bounded)
struct SharedSessionTests {
  private let directory = TemporaryDirectory()
  private static let resume = Turn.Session.resume(id: ExecutorHarness.session)

  private var file: String {
    let folder = TranscriptLocation.folder(for: directory.path)
    return ".claude/projects/\(folder)/\(ExecutorHarness.session).jsonl"
  }

  private func write(_ text: String) throws {
    let folder = TranscriptLocation.folder(for: directory.path)
    for name in [".claude", ".claude/projects", ".claude/projects/\(folder)"] { try directory.makeDirectory(name) }
    directory.write(text, to: file)
  }

  private nonisolated static let spoken = #"{"type":"user","uuid":"1"}"# + "\n"

  @Test(
    "a kept process is reused unless another client has appended to the session",
    arguments: [
      ("", true), (#"{"type":"last-prompt"}"# + "\n", true), (spoken, false), (#"{"type":"us"#, false),
    ])
  func elsewhere(added: String, isKept: Bool) async throws {
    let harness = ExecutorHarness(try StandInCLI.simulator, directory, pool: .keeping)
    try write(Self.spoken)
    let first = try await harness.complete("one", Self.resume)
    directory.write(Self.spoken + added, to: file)
    let second = try await harness.complete("two\nsimulate: recall", Self.resume)
    #expect((second.pid == first.pid) == isKept)
    #expect(second.text == "one | two")
    // From here on the process knows all.
    let third = try await harness.complete("three", Self.resume)
    #expect(third.pid == second.pid)
    #expect(harness.statistics == PoolStatistics(live: 1, idle: 1, spawned: isKept ? 1 : 2, reused: isKept ? 2 : 1))
    await harness.executor.kill()
  }

  @Test(
    "a resumed CLI continues its cost count, and each turn gets its own share",
    arguments: [(0, 0.25, 0.25), (0.5, 0.75, 0.25), (0.5, 0.5, 0), (0.5, 0.25, 0.25)])
  func costs(spent: Double, told: Double, expected: Double) async throws {
    try write(#"{"type":"cost-state","totalCostUSD":\#(spent)}"# + "\n")
    let cli = LiveCLI(in: directory)
    let harness = ExecutorHarness(cli.path, directory, pool: .keeping)
    let recorder = RunRecorder()
    _ = try await harness.run(harness.turn("p", Self.resume), recorder)
    cli.emit(CLILine.initLine)
    cli.emit(CLILine.result("a", more: #","total_cost_usd":\#(told)"#))
    let result = await recorder.result()
    #expect(result?.totalCost == expected)
    await harness.executor.kill()
  }
}
