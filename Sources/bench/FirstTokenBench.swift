import Glibc

/// Time to the first token with the real CLI and an upstream that answers at once: through the server, and beside it
/// straight from a CLI process in the same state, by turns.
struct FirstTokenBench {
  enum State: String, CaseIterable {
    /// No process is there yet.
    case cold
    /// The process is up and has served no turn.
    case spare
    /// The process has served the conversation's turns so far.
    case session = "same session"

    /// The pool's settings that bring about this state with each request, and nothing else.
    var settings: [String: String] {
      switch self {
      case .cold: ["CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0"]
      case .spare: ["CLAUDE_SESSION_IDLE_MS": "0"]
      case .session: ["CLAUDE_POOL_SPARES": "0"]
      }
    }
  }

  private let ground: Ground
  private let cli: String
  private static let rounds = 50
  private static let prompt = "stub: tokens=3"
  /// What we may add, in milliseconds.
  private static let allowance = 3.0

  /// - Throws: `BenchFailure` where the environment names no CLI.
  init(ground: Ground) throws {
    guard let path = unsafe getenv("CLI").map({ unsafe String(cString: $0) }), unsafe access(path, X_OK) == 0 else {
      throw BenchFailure("the Claude Code CLI is missing: make cli")
    }
    self.ground = ground
    cli = path
  }

  /// - Parameter show: gets the rows of each state as they are measured.
  func run(_ show: ([Row]) -> Void) throws {
    let upstream = try Subject.stub(ground)
    defer { upstream.end() }
    let environment = RealCLI.environment(home: ground.directory, upstream: upstream.port)
    for state in State.allCases {
      let server = try Subject.server(ground, cli: cli, settings: environment.merging(state.settings) { $1 })
      defer { server.end() }
      show(rows(state, try measure(state, server, environment)))
    }
  }

  private func rows(_ state: State, _ times: (bare: [Double], served: [Double])) -> [Row] {
    [("p50", 0.5, Row.Target.aboveFloor(FirstTokenBench.allowance)), ("p99", 0.99, .none)].map { name, share, target in
      Row(
        name: "first token, \(state.rawValue): \(name)", value: times.served.percentile(share),
        floor: times.bare.percentile(share), unit: "ms", target: target)
    }
  }

  private func measure(
    _ state: State, _ server: Subject, _ environment: [String: String]
  ) throws -> (bare: [Double], served: [Double]) {
    let kept = state == .session ? try begin(server, environment) : nil
    defer { kept?.process.end() }
    let times = try (0..<FirstTokenBench.rounds).map { _ in try round(state, server, environment, kept) }
    return (times.map(\.bare), times.map(\.served))
  }

  /// - Parameter kept: the conversation to go on with; nil for new ones.
  private func round(
    _ state: State, _ server: Subject, _ environment: [String: String], _ kept: (process: RealCLI, session: String)?
  ) throws -> (bare: Double, served: Double) {
    let start = ContinuousClock.now
    let process = try kept?.process ?? RealCLI(cli, ground, environment)
    defer { if kept == nil { process.end() } }
    if state == .spare { try awaitSpares(process, server) }
    let bare = try process.firstToken(FirstTokenBench.prompt, since: state == .cold ? start : .now)
    // What it does after its answer must not slow down the other one.
    if kept == nil { process.end() }
    let answer = try ServedAnswer(FirstTokenBench.prompt, session: kept?.session, port: server.port)
    if state == .cold { try PoolHealth.await(server.port) { $0.live == 0 } }
    return (bare, answer.firstToken)
  }

  /// A conversation on either side, which has had its first turn.
  private func begin(
    _ server: Subject, _ environment: [String: String]
  ) throws -> (process: RealCLI, session: String) {
    let process = try RealCLI(cli, ground, environment)
    _ = try process.firstToken(FirstTokenBench.prompt)
    return (process, try ServedAnswer(FirstTokenBench.prompt, session: nil, port: server.port).session)
  }

  /// Both spares are up, and nothing is going on any more.
  private func awaitSpares(_ process: RealCLI, _ server: Subject) throws {
    try process.awaitReadiness()
    try PoolHealth.await(server.port) { $0.spare >= 1 && $0.live == $0.spare }
    try Quiet.await([process.pid] + Quiet.children(of: server.program.pid))
  }
}
