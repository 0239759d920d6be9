import ClaudeCodeTestSupport
import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// The executor keeps its contract with every kind of process it may have.
@Reactor
@Suite(.bounded)
struct ExecutorContractTests {
  enum Kind: CaseIterable, Sendable {
    /// The simulator, a process for each turn.
    case simulator
    /// The simulator, processes kept between turns.
    case pooled
    /// A script that prints recorded lines.
    case script
  }

  private let directory = TemporaryDirectory()

  private func contract(_ kind: Kind) -> ExecutorContract {
    ExecutorContract { [directory] in
      let (cli, pool): (String, PoolLimits) =
        switch kind {
        case .simulator: (try StandInCLI.simulator, .withoutReuse)
        case .pooled: (try StandInCLI.simulator, .keeping)
        case .script: (Self.script(in: directory), .withoutReuse)
        }
      let executor = ClaudeExecutor(
        .test(cli, home: directory.path, pool: pool), scheduler: ManualScheduler(), logger: .silent,
        newID: UniqueIDs.next)
      return ExecutorContract.Subject(
        executor, directory: directory.path, answering: ("simulate: tokens=2", "w0 w1 "), hanging: "simulate: hang")
    }
  }

  private nonisolated static func script(in directory: TemporaryDirectory) -> String {
    let lines = [CLILine.initLine] + CLILine.message("m", "w0 ", "w1 ") + [CLILine.result("w0 w1 ")]
    directory.write(lines.map { "\($0)\n" }.joined(), to: "lines")
    return StandInCLI.script(
      "read -r _; read -r turn; case \"$turn\" in *hang*) exec sleep 600;; esac; cat '\(directory.path)/lines'",
      in: directory)
  }

  @Test("a turn ends with its result and leaves nothing behind", arguments: Kind.allCases)
  func result(kind: Kind) async {
    let findings = await contract(kind).result()
    #expect(findings == [])
  }

  @Test("a cancelled run ends once", arguments: Kind.allCases)
  func cancellation(kind: Kind) async {
    let findings = await contract(kind).cancellation()
    #expect(findings == [])
  }

  @Test("a run without observers is cancelled", arguments: Kind.allCases)
  func leaving(kind: Kind) async {
    let findings = await contract(kind).leaving()
    #expect(findings == [])
  }

  @Test("a caller that left gets no run", arguments: Kind.allCases)
  func leftBefore(kind: Kind) async {
    let findings = await contract(kind).leftBefore()
    #expect(findings == [])
  }

  @Test("after a shutdown nothing runs and nothing starts", arguments: Kind.allCases)
  func shutDown(kind: Kind) async {
    let findings = await contract(kind).shutDown()
    #expect(findings == [])
  }

  @Test("the contract rejects an executor whose CLI prints something else")
  func broken() async {
    let contract = ExecutorContract { [directory] in
      let executor = ClaudeExecutor(
        .test(StandInCLI.printing([CLILine.result("other")], in: directory), home: directory.path),
        scheduler: ManualScheduler(), logger: .silent, newID: UniqueIDs.next)
      return ExecutorContract.Subject(
        executor, directory: directory.path, answering: ("simulate: tokens=2", "w0 w1 "), hanging: "simulate: hang")
    }
    let findings = await contract.result()
    #expect(findings == ["the result is other", "no line of the assistant"])
  }
}
