import Glibc

/// A listening process under measurement: the server, or one of the floors.
final class ServerUnderTest {
  let program: Program
  let port: UInt16
  /// From the spawn to the first accepted connection.
  let start: Duration

  /// How often a connection is tried, every tenth of a millisecond, before the start has failed.
  private static let tries = 50_000

  private init(
    _ bench: BenchEnvironment, _ name: String, arguments: (UInt16) -> [String] = { _ in [] },
    environment: (UInt16) -> [String: String] = { _ in [:] }
  ) throws {
    port = try Descriptors.freePort()
    let begun = ContinuousClock.now
    program = try Program(
      bench.program(name), arguments(port), environment: environment(port), directory: bench.directory)
    for _ in 0..<ServerUnderTest.tries {
      if let descriptor = Descriptors.connect(to: port) {
        start = .now - begun
        close(descriptor)
        return
      }
      usleep(100)
    }
    throw BenchFailure("\(name) does not listen")
  }

  /// A server on the simulator. Like the floors, it starts a process for each stream, without a limit.
  static func server(_ bench: BenchEnvironment, storesRuns: Bool = false) throws -> ServerUnderTest {
    let state = storesRuns ? ["STATE_PATH": bench.directory] : [:]
    return try server(
      bench, cli: bench.program("claude-simulator"),
      settings: state.merging([
        "CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0", "CLAUDE_MAX_PROCESSES": "10000",
        "CLAUDE_QUEUE_TIMEOUT_MS": "60000",
      ]) { $1 })
  }

  /// - Parameter settings: environment variables, added to those of every server.
  static func server(_ bench: BenchEnvironment, cli: String, settings: [String: String]) throws -> ServerUnderTest {
    try ServerUnderTest(
      bench, "claude-code-server",
      environment: { port in
        settings.merging([
          "PATH": "/usr/bin:/bin", "HOME": bench.directory, "HOST": "127.0.0.1", "PORT": String(port),
          "LOG_LEVEL": "warn", "CLAUDE_CLI_PATH": cli, "WORKSPACE_BASE_PATH": bench.directory,
        ]) { $1 }
      })
  }

  /// The scripted upstream of the real CLI.
  static func stub(_ bench: BenchEnvironment) throws -> ServerUnderTest {
    try ServerUnderTest(bench, "anthropic-stub", arguments: { ["--port", "\($0)"] })
  }

  static func relay(_ bench: BenchEnvironment) throws -> ServerUnderTest {
    try ServerUnderTest(
      bench, "bench", arguments: { ["relay", bench.program("claude-simulator"), bench.directory, "\($0)"] })
  }

  static func responder(_ bench: BenchEnvironment, responseSize: Int) throws -> ServerUnderTest {
    try ServerUnderTest(bench, "bench", arguments: { ["tiny", "\(responseSize)", "\($0)"] })
  }

  func end() { program.end() }
}
