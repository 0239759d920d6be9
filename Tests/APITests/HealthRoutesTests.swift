import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import TestSupport
import Testing
import TurnsTestSupport
import Workspaces

@testable import API
@testable import ClaudeCode

/// `/health` in process.
@Reactor
@Suite(.bounded)
struct HealthRoutesTests {
  private func harness(_ script: String = "echo '2.1.329 (Claude Code)'") throws -> RouteHarness {
    try RouteHarness(
      cli: { StandInCLI.script(script, in: $0) },
      routes: { harness, router in
        let checker = HealthChecker(
          probe: CLIProbe(
            locator: .only("\(harness.directory.path)/claude"), environment: .test(), clock: RouteHarness.clock,
            scheduler: harness.scheduler),
          executor: harness.executor, workspaces: WorkspaceManager(base: harness.directory.path),
          mcpPath: "mcp.json", mcp: nil, version: "1", isSimulated: false, clock: RouteHarness.clock,
          scheduler: harness.scheduler)
        HealthRoutes(checker: checker, scheduler: harness.scheduler).add(to: &router)
      })
  }

  /// The report of a healthy server.
  private func report(_ harness: RouteHarness) -> String {
    let time = #""timestamp":"2026-11-21T04:32:10.007Z"}"#
    let path = harness.directory.path
    return #"{"status":"healthy","service":"claude-code-server","timestamp":"2026-11-21T04:32:10.007Z","uptime":0.0,"#
      + #""version":"1","active_agents":0,"checks":{"claudeCli":{"status":"healthy","#
      + #""message":"Claude CLI is available and responsive","#
      + #""details":{"version":"2.1.329 (Claude Code)","exitCode":0,"path":"\#(path)/claude"},"# + time
      + #","processes":{"status":"healthy","message":"Processes start normally","#
      + #""details":{"live":0,"idle":0,"spare":0,"universal":0,"parked":0,"queued":0,"running":0,"spawned":0,"reused":0,"#
      + #""killed":0,"crashed":0},"# + time
      + #","workspace":{"status":"healthy","message":"Workspace directory is accessible and writable","#
      + #""details":{"path":"\#(path)","readable":true,"writable":true},"# + time
      + #","mcpConfig":{"status":"healthy","message":"MCP is disabled (no configuration file found)","#
      + #""details":{"enabled":false,"configPath":"mcp.json"},"# + time + "}}"
  }

  @Test("a healthy server reports 200 with every check")
  func healthy() async throws {
    let harness = try harness()
    let response = try await harness.get("/health")
    #expect(response.status == 200)
    #expect(response["content-type"] == "application/json")
    #expect(response.text == report(harness) + "\n")
    #expect(try await harness.get("/health/ready").summary == "200 {\"status\":\"ready\"}\n")
    await harness.end()
  }

  @Test("a server without a CLI is alive and not ready")
  func unhealthy() async throws {
    let harness = try harness("echo broken; exit 1")
    #expect(try await harness.get("/health/live").summary == "200 {\"status\":\"alive\"}\n")
    #expect(try await harness.get("/health/ready").summary == "503 {\"status\":\"unready\"}\n")
    let response = try await harness.get("/health")
    #expect(response.status == 503)
    #expect(try response.json()["status"] == "unhealthy")
    #expect(
      try response.json()["checks"]?["claudeCli"]?["message"]
        == "Claude CLI does not respond: exit status 1: broken")
    await harness.end()
  }

  @Test("a server that shuts down is alive and not ready")
  func draining() async throws {
    let harness = try harness()
    await harness.executor.drain(within: .zero)
    #expect(try await harness.get("/health/live").summary == "200 {\"status\":\"alive\"}\n")
    #expect(try await harness.get("/health/ready").summary == "503 {\"status\":\"draining\"}\n")
    await harness.end()
  }

  @Test("a dashboard gets a report every five seconds, until it leaves")
  func stream() async throws {
    let harness = try harness()
    let exchange = try await harness.begin(.get("/health", ["accept: text/event-stream"]))
    #expect(exchange.head["content-type"] == "text/event-stream; charset=utf-8")
    let event = "data: \(report(harness))\n\n"
    await until { exchange.text == event }
    #expect(exchange.text == event)
    harness.scheduler.advance(by: .seconds(5))
    await until { exchange.text.count > event.count }
    #expect(exchange.text == event + event.replacing(#""uptime":0.0"#, with: #""uptime":5.0"#))
    exchange.leave()
    #expect(exchange.ending == .left)
    #expect(!harness.scheduler.waits.contains(.seconds(5)))
    await harness.end()
  }
}
