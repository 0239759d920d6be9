import Bytes
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Storage
import StorageTestSupport
import Synchronization
import System
import Telemetry
import TestSupport
import Workspaces

@testable import App
@testable import ClaudeCode

/// How a test reaches the application.
enum Transport: CaseIterable, Sendable {
  /// In process: no socket.
  case router
  /// Over TCP.
  case socket
}

/// The whole application over memory, with a program of the test for a CLI.
@Reactor
final class ApplicationHarness {
  let directory: TemporaryDirectory
  let log = LogLines()
  let application: Application
  private let transport: any TestTransport

  /// - Parameters:
  ///   - variables: settings beside those that every harness gets.
  ///   - cli: makes the program; nil for the simulator.
  ///   - store: keeps the sessions.
  init(
    _ transport: Transport, _ variables: [String: String] = [:], in directory: TemporaryDirectory? = nil,
    store: any Store = MemoryStore(), cli: (TemporaryDirectory) -> String? = { _ in nil }
  ) throws {
    let directory = directory ?? TemporaryDirectory()
    self.directory = directory
    var all = [
      "CLAUDE_CLI_PATH": try cli(directory) ?? StandInCLI.simulator, "WORKSPACE_BASE_PATH": directory.path,
      "CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0",
    ]
    all.merge(variables) { $1 }
    let log = log
    let logger = Logger(level: .info, format: .json, now: Self.clock) { log.append($0) }
    var entropy = Entropy()
    application = Application(
      try Settings(all),
      Application.Surroundings(
        environment: ["PATH": "/usr/bin:/bin", "HOME": directory.path], store: store, journals: MemoryJournals(),
        mcpLoader: MCPConfigLoader(path: "", scratch: "\(directory.path)/scratch"), mcp: nil,
        logger: logger, clock: Self.clock, scheduler: Loop.main, newID: { UUIDText.random(using: &entropy) }))
    self.transport =
      switch transport {
      case .router: InProcessTransport(application.server, logger: logger)
      case .socket: try SocketTransport(application.server)
      }
  }

  nonisolated static let clock: @Sendable () -> Timestamp = { Timestamp(milliseconds: 1_795_235_530_007) }

  func send(_ request: TestRequest) async throws -> TestResponse { try await transport.send(request) }

  /// Ends everything.
  func end() async {
    await application.shutDown(grace: .zero)
  }
}

/// The lines that were logged.
final class LogLines: Sendable {
  private let lines = Lock<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  func append(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    lines.withLock { $0.append(text) }
  }
}
