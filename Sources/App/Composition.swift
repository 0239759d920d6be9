import API
import Bytes
import ClaudeCode
import EventLoop
import HTTP
import HTTPServer
import Identity
import Telemetry
import Workspaces

/// Names the concrete types and connects them: the one place that does.
@Reactor
final class Composition {
  let server: HTTPServer
  let executor: ClaudeExecutor
  let probe: CLIProbe
  private let mcpLoader: MCPConfigLoader

  /// - Parameter environment: what children inherit.
  /// - Throws: `StartError` for files that cannot be used.
  init(_ settings: Settings, environment: [String: String], isSimulated: Bool, logger: Logger) throws {
    let clock: @Sendable () -> Timestamp = { Timestamp(milliseconds: ProcessControl.wallClockMilliseconds) }
    let newID: @Reactor () -> String = {
      var generator = SystemRandomNumberGenerator()
      return UUIDText.random(using: &generator)
    }
    let locator = Composition.locator(settings, environment)
    let childEnvironment = CLIEnvironment(inherited: environment, usesSubscription: settings.usesSubscription)
    let workspaces = WorkspaceManager(base: settings.workspaceBasePath)
    let temporary = environment["TMPDIR"] ?? "/tmp"
    mcpLoader = MCPConfigLoader(
      path: settings.mcpConfigPath, scratch: "\(temporary)/claude-code-server-\(ProcessControl.processID)")
    let mcp = try mcpLoader.load()
    let models = try Composition.models(settings.modelsPath)

    executor = ClaudeExecutor(
      ClaudeExecutor.Configuration(
        locator: locator, environment: childEnvironment,
        timeouts: RunTimeouts(
          total: settings.totalTimeout, inactivity: settings.inactivityTimeout, kill: settings.killTimeout)),
      logger: logger, newID: newID)
    probe = CLIProbe(locator: locator, environment: childEnvironment, clock: clock)
    let checker = HealthChecker(
      probe: probe, executor: executor, workspaces: workspaces, mcpPath: settings.mcpConfigPath, mcp: mcp,
      version: Version.current, isSimulated: isSimulated, clock: clock)
    let turns = TurnFactory(
      workspaces: workspaces, mcpLoader: mcpLoader, mcp: mcp ?? MCPConfiguration(), models: models,
      sessions: SessionStore(), newID: newID)
    let runner = TurnRunner(executor: executor, newID: newID)

    var router = Router()
    HealthRoutes(checker: checker).add(to: &router)
    ModelRoutes(catalog: models).add(to: &router)
    ChatCompletionRoutes(
      ChatCompletionRoutes.Configuration(
        retryPatience: settings.retryPatience, writesSessionIntoContent: settings.writesSessionIntoContent),
      turns: turns, runner: runner, clock: clock
    ).add(to: &router)
    ClaudeRoutes(turns: turns, runner: runner).add(to: &router)

    let keys = APIKeyRing(settings.apiKeys)
    server = HTTPServer(
      logger: logger, clock: clock,
      responder: chain(
        [
          RequestIDMiddleware(newID: newID), AccessLogMiddleware(),
          CORSMiddleware(allowsAnyOrigin: !keys.isEmpty, allowedOrigins: settings.allowedOrigins),
          APIKeyMiddleware(keys: keys),
        ], router.respond))
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

  /// Stops listening, ends every run, and returns when no child is left.
  func shutDown() async {
    server.stopListening()
    await executor.shutDown()
    server.closeAllConnections()
    mcpLoader.removeScratch()
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
