import Bytes
import EventLoop
import Storage
import System
import Telemetry
import Turns
import Workspaces

/// Makes the application's surroundings from the machine: files, the clock, randomness.
@Reactor
final class Composition {
  let application: Application
  private let scratch: ScratchDirectory

  /// - Parameter environment: what child processes inherit.
  /// - Throws: `StartError` for files that cannot be used.
  init(_ settings: Settings, environment: [String: String], isSimulated: Bool, logger: Logger) throws {
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
    let ids = IDSource()
    application = Application(
      settings,
      Application.Surroundings(
        environment: environment,
        store: settings.statePath.map { Composition.store("\($0)/sessions.jsonl", logger) } ?? MemoryStore(),
        journals: JournalDirectory(path: "\(settings.statePath ?? scratch.path)/runs"), mcpLoader: mcpLoader, mcp: mcp,
        models: models, isSimulated: isSimulated, logger: logger,
        clock: { Timestamp(milliseconds: ProcessControl.wallClockMilliseconds) }, scheduler: Loop.main,
        availableMemory: { Machine.availableMemory }, newID: { ids.next() }))
  }

  /// Removes temporary files. To be called last.
  func removeScratch() { scratch.remove() }

  /// Ends the application (see `Application.shutDown`) and removes temporary files.
  func shutDown(grace: Duration) async {
    await application.shutDown(grace: grace)
    scratch.remove()
  }

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

  private static func store(_ path: String, _ logger: Logger) -> FileStore {
    FileStore(path: path) { failure in
      if let failure {
        logger.error("sessions cannot be written", ["error": .string(failure.description)])
      } else {
        logger.info("sessions are written again")
      }
    }
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
}

/// Why the server does not start.
struct StartError: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}

enum Version {
  static let current = "0.1.0"
}
