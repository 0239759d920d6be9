import API
import Bytes
import ClaudeCode
import EventLoop
import HTTP
import HTTPServer
import Identity
import Storage
import System
import Telemetry
import Turns
import Workspaces

/// Names the concrete types and connects them. Nothing else does.
@Reactor
final class Composition {
  let server: HTTPServer
  let executor: ClaudeExecutor
  let probe: CLIProbe
  let sessions: SessionStore
  let runs: RunStore
  private let turns: TurnFactory
  private let scratch: ScratchDirectory
  private let logger: Logger

  /// - Parameter environment: what child processes inherit.
  /// - Throws: `StartError` for files that cannot be used.
  init(_ settings: Settings, environment: [String: String], isSimulated: Bool, logger: Logger) throws {
    self.logger = logger
    let clock: @Sendable () -> Timestamp = { Timestamp(milliseconds: ProcessControl.wallClockMilliseconds) }
    let ids = IDSource()
    let newID: @Reactor () -> String = { ids.next() }
    let locator = Composition.locator(settings, environment)
    let childEnvironment = CLIEnvironment(inherited: environment, usesSubscription: settings.usesSubscription)
    let workspaces = WorkspaceManager(base: settings.workspaceBasePath)
    let models = try Composition.models(settings.modelsPath)
    scratch = try Composition.scratch(in: environment["TMPDIR"] ?? "", logger)
    let mcpLoader = MCPConfigLoader(path: settings.mcpConfigPath, scratch: "\(scratch.path)/mcp")
    let mcp: MCPConfiguration?
    do {
      mcp = try mcpLoader.load()
    } catch {
      scratch.remove()
      throw error
    }

    executor = ClaudeExecutor(
      ClaudeExecutor.Configuration(
        locator: locator, environment: childEnvironment,
        timeouts: RunTimeouts(
          total: settings.totalTimeout, inactivity: settings.inactivityTimeout, kill: settings.killTimeout,
          toolResult: settings.toolResultTimeout),
        settingSources: settings.settingSources, pool: settings.pool, turns: settings.turns),
      logger: logger, clock: clock, newID: newID)
    probe = CLIProbe(locator: locator, environment: childEnvironment, clock: clock)
    let checker = HealthChecker(
      probe: probe, executor: executor, workspaces: workspaces, mcpPath: settings.mcpConfigPath, mcp: mcp,
      version: Version.current, isSimulated: isSimulated, clock: clock)
    let sessions = SessionStore(
      store: settings.statePath.map { Composition.store("\($0)/sessions.jsonl", logger) } ?? MemoryStore(), clock: clock
    )
    executor.addObserver(sessions)
    self.sessions = sessions
    runs = RunStore(
      limits: settings.runs, storage: JournalDirectory(path: "\(settings.statePath ?? scratch.path)/runs"),
      isDurable: settings.statePath != nil, clock: clock, logger: logger)
    let turns = TurnFactory(
      workspaces: workspaces, mcpLoader: mcpLoader, mcp: mcp ?? MCPConfiguration(), models: models,
      policy: TurnPolicy(
        ceiling: settings.permissionCeiling, toolRules: settings.allowedToolsCeiling,
        readsInBandOptions: settings.readsInBandOptions,
        writesSessionIntoContent: settings.writesSessionIntoContent),
      sessions: sessions, newID: newID)
    let runner = TurnRunner(
      executor: executor, turns: turns, retryGrace: settings.retryGrace, clock: clock, newID: newID)
    self.turns = turns

    var router = Router()
    HealthRoutes(checker: checker).add(to: &router)
    ModelRoutes(catalog: models).add(to: &router)
    let conversations = Conversations(turns: turns, retryTimeout: settings.retryTimeout)
    MessagesRoutes(turns: turns, runner: runner, conversations: conversations).add(to: &router)
    ChatCompletionRoutes(turns: turns, runner: runner, conversations: conversations, clock: clock).add(to: &router)
    ResponsesRoutes(turns: turns, runner: runner, conversations: conversations, store: runs, clock: clock)
      .add(to: &router)
    AgentRoutes(agents: Agents(turns: turns, runner: runner, store: runs, clock: clock), runner: runner)
      .add(to: &router)
    RunRoutes(runner: runner, store: runs).add(to: &router)
    ClaudeRoutes(turns: turns, runner: runner).add(to: &router)
    SessionRoutes(sessions: sessions, executor: executor, workspaces: workspaces).add(to: &router)

    var limits = ServerLimits()
    limits.connections = settings.maximumConnections
    limits.bodiesInFlight = settings.maximumBodyBytes
    server = HTTPServer(
      limits: limits, logger: logger, clock: clock,
      responder: chain(Composition.middleware(settings, newID), router.admit))
    checker.isDraining = { [unowned server] in server.isDraining }
  }

  /// Removes temporary files. To be called last.
  func removeScratch() { scratch.remove() }

  private static func scratch(in temporary: String, _ logger: Logger) throws -> ScratchDirectory {
    let temporary = temporary.isEmpty ? "/tmp" : temporary
    let leftovers = ScratchDirectory.removeLeftovers(in: temporary)
    if leftovers > 0 {
      logger.info("removed files that killed servers had left in TMPDIR", ["directories": JSONValue(leftovers)])
    }
    do {
      return try ScratchDirectory(in: temporary)
    } catch {
      throw StartError(message: "TMPDIR (\(temporary)) cannot be used: \(error)")
    }
  }

  /// Starts a spare for a default turn.
  func warmUp() {
    // An unusable workspace is reported to the requests that need it.
    guard let turn = try? turns.plainTurn() else { return }
    executor.prepare(for: turn)
  }

  private static func middleware(_ settings: Settings, _ newID: @escaping @Reactor () -> String) -> [any Middleware] {
    let keys = APIKeyRing(digests: settings.apiKeys, admins: settings.adminKeys)
    // Without keys, only names and origins distinguish a program from a web page.
    let guards: [any Middleware] =
      keys.isEmpty
      ? [HostGuardMiddleware(allowedHosts: settings.allowedHosts, allowedOrigins: settings.allowedOrigins)] : []
    let first: [any Middleware] = [
      RequestIDMiddleware(newID: newID), ErrorFormMiddleware(), AccessLogMiddleware(), SecurityHeadersMiddleware(),
    ]
    return first + guards + [
      CORSMiddleware(allowsAnyOrigin: !keys.isEmpty, allowedOrigins: settings.allowedOrigins),
      APIKeyMiddleware(keys: keys),
    ]
  }

  private static func store(_ path: String, _ logger: Logger) -> FileStore {
    FileStore(path: path) { failure in
      if let failure {
        logger.error("sessions cannot be written", ["error": .string(failure.description)])
      } else {
        logger.info("sessions are written again")
      }
    }
  }

  nonisolated static func locator(_ settings: Settings, _ environment: [String: String]) -> CLILocator {
    CLILocator(configured: settings.cliPath, searchPath: environment["PATH"] ?? "", home: environment["HOME"])
  }

  private static func models(_ path: String?) throws -> ModelCatalog {
    guard let path else { return .builtIn }
    guard let bytes = try FileContents.read(path) else { throw StartError(message: "MODELS_PATH: no file \(path)") }
    do {
      return try ModelCatalog(try JSONValue(parsing: bytes))
    } catch ModelCatalog.CatalogError.invalid(let reason) {
      throw StartError(message: "MODELS_PATH \(path): \(reason)")
    } catch {
      throw StartError(message: "MODELS_PATH \(path): \(error)")
    }
  }

  /// Stops listening, lets runs end within `grace`, ends the others, and returns when no child is left.
  func shutDown(grace: Duration) async {
    server.stopListening()
    await executor.drain(within: grace)
    await executor.shutDown()
    await server.drained()
    server.closeAllConnections()
    do throws(StorageError) {
      try await sessions.flush()
    } catch {
      logger.error("sessions are lost", ["error": .string(error.description)])
    }
    await runs.flush()
    scratch.remove()
  }
}

/// Why the server does not start.
struct StartError: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}

enum Version {
  static let current = "0.1.0"
}
