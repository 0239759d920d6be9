import Glibc

/// A listening process under measurement: the server, or one of the floors.
final class Subject {
  let program: Program
  let port: UInt16
  /// From before it was spawned to the first connection it took.
  let start: Duration

  /// How long a start may take before it counts as failed, in tries of a tenth of a millisecond.
  private static let tries = 50_000

  private init(
    _ ground: Ground, _ name: String, arguments: (UInt16) -> [String] = { _ in [] },
    environment: (UInt16) -> [String: String] = { _ in [:] }
  ) throws {
    port = try Descriptors.freePort()
    let begun = ContinuousClock.now
    program = try Program(
      ground.program(name), arguments(port), environment: environment(port), directory: ground.directory)
    for _ in 0..<Subject.tries {
      if let descriptor = Descriptors.connect(to: port) {
        start = .now - begun
        close(descriptor)
        return
      }
      usleep(100)
    }
    throw BenchFailure("\(name) does not listen")
  }

  /// On the simulator. As the floors do, it starts a process for each stream, however many there are.
  static func server(_ ground: Ground, keepsState: Bool = false) throws -> Subject {
    let state = keepsState ? ["STATE_PATH": ground.directory] : [:]
    return try server(
      ground, cli: ground.program("claude-simulator"),
      settings: state.merging([
        "CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0", "CLAUDE_MAX_PROCESSES": "10000",
        "CLAUDE_QUEUE_TIMEOUT_MS": "60000",
      ]) { $1 })
  }

  /// - Parameter settings: beside those that every server gets.
  static func server(_ ground: Ground, cli: String, settings: [String: String]) throws -> Subject {
    try Subject(
      ground, "claude-code-server",
      environment: { port in
        settings.merging([
          "PATH": "/usr/bin:/bin", "HOME": ground.directory, "HOST": "127.0.0.1", "PORT": String(port),
          "LOG_LEVEL": "warn", "CLAUDE_CLI_PATH": cli, "WORKSPACE_BASE_PATH": ground.directory,
        ]) { $1 }
      })
  }

  /// The scripted upstream of the real CLI.
  static func stub(_ ground: Ground) throws -> Subject {
    try Subject(ground, "anthropic-stub", arguments: { ["--port", "\($0)"] })
  }

  static func relay(_ ground: Ground) throws -> Subject {
    try Subject(
      ground, "bench", arguments: { ["relay", ground.program("claude-simulator"), ground.directory, "\($0)"] })
  }

  static func tiny(_ ground: Ground, responseSize: Int) throws -> Subject {
    try Subject(ground, "bench", arguments: { ["tiny", "\(responseSize)", "\($0)"] })
  }

  func end() { program.end() }
}
