import Bytes
public import ClaudeCode
public import EventLoop
public import Telemetry
public import Workspaces
import Turns

/// Checks what the server needs: the CLI, the workspaces, the MCP configuration.
@Reactor
public final class HealthChecker {
  private let probe: CLIProbe
  private let executor: ClaudeExecutor
  private let workspaces: WorkspaceManager
  private let mcpPath: String
  private let mcp: MCPConfiguration?
  private let sessions: SessionStore?
  private let version: String
  private let isSimulated: Bool
  private let clock: @Sendable () -> Timestamp
  private let scheduler: any Scheduler
  private let startedAt: ContinuousClock.Instant

  /// - Parameters:
  ///   - mcp: the loaded configuration; nil if there is no file.
  ///   - sessions: the store whose writes are checked; nil if it is not durable.
  ///   - isSimulated: whether the configured CLI is the simulator.
  public init(
    probe: CLIProbe, executor: ClaudeExecutor, workspaces: WorkspaceManager, mcpPath: String, mcp: MCPConfiguration?,
    sessions: SessionStore? = nil, version: String, isSimulated: Bool, clock: @escaping @Sendable () -> Timestamp,
    scheduler: any Scheduler = Loop.main
  ) {
    self.probe = probe
    self.executor = executor
    self.workspaces = workspaces
    self.mcpPath = mcpPath
    self.mcp = mcp
    self.sessions = sessions
    self.version = version
    self.isSimulated = isSimulated
    self.clock = clock
    self.scheduler = scheduler
    startedAt = scheduler.now
  }

  /// Whether the server is shutting down, and so not ready.
  var isDraining: Bool { executor.isShuttingDown }

  func report() async -> HealthReport {
    let cli = HealthChecker.check(await probe.current())
    return HealthReport(
      checks: [cli, processCheck, workspaceCheck, mcpCheck] + (sessions.map { [stateCheck($0)] } ?? []),
      isSimulated: isSimulated, version: version,
      uptime: scheduler.now - startedAt, takenAt: clock(), activeAgents: executor.activeRuns)
  }

  private static func check(_ report: CLIProbe.Report) -> HealthReport.Check {
    let (status, message, details): (HealthReport.Status, String, JSONValue) =
      switch report.finding {
      case .available(let path, let version, let exitCode):
        (
          .healthy, "Claude CLI is available and responsive",
          ["version": .string(version), "exitCode": JSONValue(exitCode), "path": .string(path)]
        )
      case .notFound(let candidates):
        (
          .unhealthy, "Claude CLI was not found; install it or set CLAUDE_CLI_PATH",
          ["searched": .array(candidates.map { .string($0) })]
        )
      case .failed(let path, let reason):
        (.unhealthy, "Claude CLI does not respond: \(reason)", ["path": .string(path)])
      }
    return HealthReport.Check(
      name: "claudeCli", status: status, message: message, details: details, takenAt: report.takenAt)
  }

  private var processCheck: HealthReport.Check {
    let statistics = executor.processStatistics
    let problem = processProblem(statistics)
    return HealthReport.Check(
      name: "processes", status: problem == nil ? .healthy : .degraded, message: problem ?? "Processes start normally",
      details: [
        "live": JSONValue(statistics.live), "idle": JSONValue(statistics.idle), "spare": JSONValue(statistics.spare),
        "universal": JSONValue(statistics.universal), "parked": JSONValue(executor.parkedRuns),
        "queued": JSONValue(executor.queuedTurns),
        "running": JSONValue(executor.activeRuns - executor.parkedRuns),
        "spawned": JSONValue(statistics.spawned), "reused": JSONValue(statistics.reused),
        "killed": JSONValue(statistics.killed), "crashed": JSONValue(statistics.crashed),
      ], takenAt: clock())
  }

  private func processProblem(_ statistics: PoolStatistics) -> String? {
    if statistics.isResting { return "Processes exit before they emit anything; starts are delayed" }
    guard executor.parkedRuns * 2 > executor.processLimit else { return nil }
    return "\(executor.parkedRuns) of \(executor.processLimit) processes wait for results of tools"
  }

  private var workspaceCheck: HealthReport.Check {
    let (readable, writable) = workspaces.check()
    let isFine = readable && writable
    return HealthReport.Check(
      name: "workspace", status: isFine ? .healthy : .unhealthy,
      message: isFine
        ? "Workspace directory is accessible and writable" : "Workspace directory cannot be read and written",
      details: ["path": .string(workspaces.base), "readable": .bool(readable), "writable": .bool(writable)],
      takenAt: clock())
  }

  private func stateCheck(_ sessions: SessionStore) -> HealthReport.Check {
    let failure = sessions.storageFailure
    return HealthReport.Check(
      name: "state", status: failure == nil ? .healthy : .degraded,
      message: failure == nil ? "Sessions are written" : "Sessions cannot be written; they are kept in memory",
      details: failure.map { ["error": .string($0)] } ?? [:], takenAt: clock())
  }

  private var mcpCheck: HealthReport.Check {
    var details: JSONObject = ["enabled": .bool(mcp != nil), "configPath": .string(mcpPath)]
    if let mcp { details["servers"] = .array(mcp.servers.keys.map { .string($0) }) }
    return HealthReport.Check(
      name: "mcpConfig", status: .healthy,
      message: mcp == nil ? "MCP is disabled (no configuration file found)" : "MCP configuration is loaded",
      details: .object(details), takenAt: clock())
  }
}
