import API
import Bytes
import ClaudeCode
import EventLoop
import HTTPServer
import Identity
import Storage
import Telemetry
import Turns
import Workspaces

/// The server without its surroundings: stores, executor, routes and middleware, connected. The program makes one over
/// files and the machine's clock, a test one over memory and a clock of its own.
@Reactor
final class Application {
  /// What an application takes from outside.
  struct Surroundings {
    /// What child processes inherit. It also decides where the CLI is found.
    var environment: [String: String]
    /// Keeps sessions.
    var store: any Store
    /// Keeps runs.
    var journals: any JournalStorage
    var mcpLoader: MCPConfigLoader
    /// Nil if there is no MCP configuration.
    var mcp: MCPConfiguration?
    var models = ModelCatalog.builtIn
    /// Whether the CLI is the simulator.
    var isSimulated = false
    var logger: Logger
    /// The wall clock.
    var clock: @Sendable () -> Timestamp
    /// Time for deadlines.
    var scheduler: any Scheduler
    /// Memory that programs can still take, in bytes; nil where that is unknown.
    var availableMemory: @Sendable () -> Int? = { nil }
    /// Makes the ids of requests, runs and sessions.
    var newID: @Reactor () -> String
  }

  let server: HTTPServer
  let services: Services
  private let logger: Logger

  var executor: ClaudeExecutor { services.executor }

  init(_ settings: Settings, _ surroundings: Surroundings) {
    logger = surroundings.logger
    services = Services(settings, surroundings)
    var router = Router()
    services.addRoutes(to: &router, settings, surroundings)
    server = HTTPServer(
      limits: Application.limits(settings), logger: surroundings.logger, clock: surroundings.clock,
      scheduler: surroundings.scheduler,
      responder: chain(Application.middleware(settings, surroundings), router.admit))
  }

  nonisolated static func locator(_ settings: Settings, _ environment: [String: String]) -> CLILocator {
    CLILocator(configured: settings.cliPath, searchPath: environment["PATH"] ?? "", home: environment["HOME"])
  }

  private static func limits(_ settings: Settings) -> ServerLimits {
    var limits = ServerLimits()
    limits.connections = settings.maximumConnections
    limits.bodiesInFlight = settings.maximumBodyBytes
    return limits
  }

  private static func middleware(_ settings: Settings, _ surroundings: Surroundings) -> [any Middleware] {
    let keys = APIKeyRing(digests: settings.apiKeys, admins: settings.adminKeys)
    // Without keys, only names and origins distinguish a program from a web page.
    let guards: [any Middleware] =
      keys.isEmpty
      ? [HostGuardMiddleware(allowedHosts: settings.allowedHosts, allowedOrigins: settings.allowedOrigins)] : []
    let first: [any Middleware] = [
      RequestIDMiddleware(newID: surroundings.newID), ErrorFormMiddleware(),
      AccessLogMiddleware(scheduler: surroundings.scheduler), SecurityHeadersMiddleware(),
    ]
    return first + guards + [
      CORSMiddleware(allowsAnyOrigin: !keys.isEmpty, allowedOrigins: settings.allowedOrigins),
      APIKeyMiddleware(keys: keys),
    ]
  }

  // MARK: Start and end

  /// Restores sessions and runs of a previous process.
  ///
  /// - Returns: how many there are of each.
  /// - Throws: `StorageError` if they cannot be read.
  func load() async throws(StorageError) -> (sessions: Int, runs: Int) {
    (try await services.sessions.load(), try await services.runs.load())
  }

  /// Starts a spare for a default turn.
  func warmUp() {
    // An unusable workspace is reported to the requests that need it.
    guard let turn = try? services.turns.plainTurn() else { return }
    executor.prepare(for: turn)
  }

  /// Stops listening, lets runs end within `grace`, ends the others, and returns when no child is left.
  func shutDown(grace: Duration) async {
    server.stopListening()
    await executor.drain(within: grace)
    await executor.shutDown()
    await server.drained()
    server.closeAllConnections()
    do throws(StorageError) {
      try await services.sessions.flush()
    } catch {
      logger.error("sessions are lost", ["error": .string(error.description)])
    }
    await services.runs.flush()
  }
}
