import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import ClaudeCode
@testable import Turns
@testable import Workspaces

@Reactor
@Suite(.bounded)
struct HealthCheckerTests {
  private let directory = TemporaryDirectory()
  private let moment = Timestamp(milliseconds: 1_795_235_530_007)

  private func executor(_ cli: String, processes: Int = 16) -> ClaudeExecutor {
    ClaudeExecutor(
      .test(cli, home: directory.path, pool: .with { ($0.spares, $0.processes) = (0, processes) }),
      scheduler: ManualScheduler(),
      logger: .silent, newID: UniqueIDs.next)
  }

  private func checker(
    cli: String, base: String, mcp: MCPConfiguration?, executor: ClaudeExecutor? = nil
  ) -> HealthChecker {
    let scheduler = ManualScheduler()
    return HealthChecker(
      probe: CLIProbe(locator: .only(cli), environment: .test(), clock: { [moment] in moment }, scheduler: scheduler),
      executor: executor ?? self.executor(cli),
      workspaces: WorkspaceManager(base: base), mcpPath: "mcp.json", mcp: mcp, version: "1", isSimulated: false,
      clock: { [moment] in moment }, scheduler: scheduler)
  }

  @Test("a healthy server reports every check with details")
  func healthy() async {
    let cli = StandInCLI.script("echo '2.1.329 (Claude Code)'", in: directory)
    let report = await checker(cli: cli, base: directory.path, mcp: MCPConfiguration(servers: ["a": [:]])).report()
    #expect(report.status == .healthy)
    #expect(report.checks.map(\.name) == ["claudeCli", "processes", "workspace", "mcpConfig"])
    #expect(
      report.checks.map(\.message) == [
        "Claude CLI is available and responsive", "Processes start normally",
        "Workspace directory is accessible and writable", "MCP configuration is loaded",
      ])
    #expect(
      report.checks.map(\.details) == [
        ["version": "2.1.329 (Claude Code)", "exitCode": 0, "path": .string(cli)],
        [
          "live": 0, "idle": 0, "spare": 0, "universal": 0, "parked": 0, "queued": 0, "running": 0, "spawned": 0,
          "reused": 0,
          "killed": 0, "crashed": 0,
        ],
        ["path": .string(directory.path), "readable": true, "writable": true],
        ["enabled": true, "configPath": "mcp.json", "servers": ["a"]],
      ])
    #expect(report.uptime == .zero)
    #expect(report.activeAgents == 0)
  }

  @Test("without a CLI or a usable workspace base the server is unhealthy; without MCP it is not")
  func unhealthy() async {
    let missing = await checker(cli: "/nowhere/claude", base: directory.path, mcp: nil).report()
    #expect(missing.checks.map(\.status) == [.unhealthy, .healthy, .healthy, .healthy])
    #expect(missing.checks[0].details == ["searched": ["/nowhere/claude"]])
    #expect(missing.checks[3].message == "MCP is disabled (no configuration file found)")
    #expect(missing.checks[3].details == ["enabled": false, "configPath": "mcp.json"])
    let broken = StandInCLI.script("echo broken; exit 1", in: directory)
    let blocked = await checker(cli: broken, base: "\(broken)/base", mcp: nil).report()
    #expect(blocked.checks.map(\.status) == [.unhealthy, .healthy, .unhealthy, .healthy])
    #expect(blocked.checks[0].message == "Claude CLI does not respond: exit status 1: broken")
    #expect(blocked.checks[2].details == ["path": .string("\(broken)/base"), "readable": false, "writable": false])
    #expect(blocked.status == .unhealthy)
  }

  @Test(
    "limit: half of the processes; the server is degraded while parked runs hold more",
    arguments: [
      (1, 3, HealthReport.Status.healthy), (2, 4, .healthy), (2, 3, .degraded),
    ])
  func parked(count: Int, processes: Int, expected: HealthReport.Status) async throws {
    let cli = try StandInCLI.simulator
    let executor = executor(cli, processes: processes)
    for number in 1...count {
      var turn = Turn(
        prompt: "simulate: call=f", session: .new(id: "9999999\(number)-2222-4333-8444-555555555555"),
        directory: directory.path)
      turn.functions = [FunctionDeclaration(name: "f")]
      let recorder = RunRecorder()
      let run = try await executor.run(turn, id: "r\(number)", cancellation: .init(), logger: .silent)
      run.add(recorder)
      run.start()
      #expect(await recorder.outcome() == .parked)
    }
    let check = await checker(cli: cli, base: directory.path, mcp: nil, executor: executor).report().checks[1]
    #expect(check.status == expected)
    #expect(
      check.message
        == (expected == .healthy
          ? "Processes start normally" : "\(count) of \(processes) processes wait for results of tools"))
    await executor.kill()
  }
}
