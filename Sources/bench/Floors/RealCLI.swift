import Bytes
import ClaudeCode

/// A process of the real CLI, started and used like the server does it, without the server.
final class RealCLI {
  private let program: Program
  private let turn: Turn
  private var output: ResponseReader
  private var isInitialized = false
  private let awaitsClaim: Bool

  /// - Parameters:
  ///   - environment: the environment of the server that it is compared with.
  ///   - awaitsClaim: whether the process is started as a universal spare, and claimed with its first turn.
  init(
    _ path: String, _ bench: BenchEnvironment, _ environment: [String: String], awaitsClaim: Bool = false
  ) throws {
    self.awaitsClaim = awaitsClaim
    let directory = "\(bench.directory)/shared_workspace"
    var generator = SystemRandomNumberGenerator()
    turn = Turn(prompt: "", session: .new(id: UUIDText.random(using: &generator)), directory: directory)
    let requested = Fingerprint(turn, settingSources: nil)
    guard let fingerprint = awaitsClaim ? requested.claimable : requested else {
      throw BenchFailure("the turn cannot claim a spare")
    }
    program = try Program(
      path, CLIArguments.arguments(for: fingerprint, turn.session),
      environment: CLIEnvironment(inherited: environment, usesSubscription: false).environment(for: fingerprint),
      directory: fingerprint.directory, isConnected: true)
    output = ResponseReader(program.output)
  }

  /// Variables that keep the CLI on this machine.
  static func environment(home: String, upstream: UInt16) -> [String: String] {
    [
      "PATH": "/usr/bin:/bin", "HOME": home, "ANTHROPIC_API_KEY": "sk-made-up",
      "ANTHROPIC_BASE_URL": "http://127.0.0.1:\(upstream)", "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
      "DISABLE_ERROR_REPORTING": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    ]
  }

  var pid: Int32 { program.pid }

  /// Waits until the process answers, like the pool does for a spare.
  func waitUntilReady() throws {
    send(ControlMessage.status(id: "ready"))
    _ = try output.read(until: "\"request_id\":\"ready\"")
  }

  /// Runs a turn.
  ///
  /// - Returns: milliseconds from `start` to the first token.
  func firstToken(_ prompt: String, since start: ContinuousClock.Instant = .now) throws -> Double {
    var lines = isInitialized ? [] : ControlMessage.initialize(id: "init", Initialization(turn))
    output.clear()
    if awaitsClaim, !isInitialized {
      send(lines + ControlMessage.claimSession(id: "claim", Fingerprint(turn, settingSources: nil)))
      _ = try output.read(until: "\"request_id\":\"claim\"")
      lines = []
    }
    isInitialized = true
    send(lines + ControlMessage.user(prompt))
    let time = try output.read(until: "\"text\":\"w0 ") - start
    _ = try output.read(until: "\"type\":\"result\"")
    return time.microseconds / 1000
  }

  func end() { program.end() }

  private func send(_ line: [UInt8]) { _ = Descriptors.write(program.input, line, 0..<line.count) }
}
