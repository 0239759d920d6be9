import ClaudeCode
import Glibc

/// A process of the real CLI as the server starts it and speaks with it, without the server.
final class RealCLI {
  private let program: Program
  private let turn: Turn
  private var answer: Intake
  private var isInitialized = false

  /// - Parameter environment: of the server beside it.
  init(_ path: String, _ ground: Ground, _ environment: [String: String]) throws {
    let directory = "\(ground.directory)/shared_workspace"
    turn = Turn(prompt: "", session: .new(id: try RealCLI.newID()), directory: directory)
    let fingerprint = Fingerprint(turn, settingSources: nil)
    program = try Program(
      path, CLIArguments.arguments(for: fingerprint, turn.session),
      environment: CLIEnvironment(inherited: environment, usesSubscription: false).environment(for: fingerprint),
      directory: directory, isConnected: true)
    answer = Intake(program.output)
  }

  /// What keeps it on this machine and quiet.
  static func environment(home: String, upstream: UInt16) -> [String: String] {
    [
      "PATH": "/usr/bin:/bin", "HOME": home, "ANTHROPIC_API_KEY": "sk-made-up",
      "ANTHROPIC_BASE_URL": "http://127.0.0.1:\(upstream)", "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1",
      "DISABLE_ERROR_REPORTING": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    ]
  }

  var pid: Int32 { program.pid }

  /// Waits until it is up, as the pool does with its spares.
  func awaitReadiness() throws {
    send(ControlMessage.status(id: "ready"))
    _ = try answer.until("\"request_id\":\"ready\"")
  }

  /// Runs a turn.
  ///
  /// - Returns: milliseconds from `start` to the first token.
  func firstToken(_ prompt: String, since start: ContinuousClock.Instant = .now) throws -> Double {
    let lines = isInitialized ? [] : ControlMessage.initialize(id: "init", Initialization(turn))
    isInitialized = true
    answer.clear()
    send(lines + ControlMessage.user(prompt))
    let time = try answer.until("\"text\":\"w0 ") - start
    _ = try answer.until("\"type\":\"result\"")
    return time.microseconds / 1000
  }

  func end() { program.end() }

  private func send(_ line: [UInt8]) { _ = Descriptors.write(program.input, line, 0..<line.count) }

  private static func newID() throws -> String {
    let file = unsafe open("/proc/sys/kernel/random/uuid", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 36)
    guard Descriptors.read(file, into: &buffer) == buffer.count else { throw BenchFailure(call: "read uuid") }
    return String(decoding: buffer, as: UTF8.self)
  }
}
