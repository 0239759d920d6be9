import Bytes
import Glibc

/// Time to the first token with the real CLI and an upstream that answers at once: through the server, and as the floor
/// directly from a CLI process in the same state, in alternating rounds.
struct FirstTokenBench {
  enum State: String, CaseIterable {
    /// No process has been started.
    case cold
    /// The process has been started for any turn, and is bound to this one.
    case claimed = "claimed spare"
    /// The process has been started for this turn, and has served none.
    case spare = "matching spare"
    /// The process has served the earlier turns of the session.
    case session = "same session"

    /// The pool's settings that give each request this state.
    var settings: [String: String] {
      switch self {
      case .cold: ["CLAUDE_POOL_SPARES": "0", "CLAUDE_SESSION_IDLE_MS": "0"]
      case .claimed, .spare: ["CLAUDE_SESSION_IDLE_MS": "0"]
      case .session: ["CLAUDE_POOL_SPARES": "0"]
      }
    }
  }

  private let bench: BenchEnvironment
  private let cli: String
  private static let rounds = 50
  private static let prompt = "stub: tokens=3"
  /// How many milliseconds the server may add.
  private static let allowance = 3.0

  /// - Throws: `BenchFailure` if the variable CLI names no program.
  init(bench: BenchEnvironment) throws {
    guard let path = unsafe getenv("CLI").map({ unsafe String(cString: $0) }), unsafe access(path, X_OK) == 0 else {
      throw BenchFailure("the Claude Code CLI is missing: make cli")
    }
    self.bench = bench
    cli = path
  }

  /// Adds the rows of each state as they are measured.
  func run(_ report: Report) throws {
    let upstream = try ServerUnderTest.stub(bench)
    defer { upstream.end() }
    let environment = RealCLI.environment(home: bench.directory, upstream: upstream.port)
    var medians: [State: Double] = [:]
    for state in State.allCases {
      let server = try ServerUnderTest.server(bench, cli: cli, settings: environment.merging(state.settings) { $1 })
      defer { server.end() }
      let times = try measure(state, server, environment)
      medians[state] = times.served.percentile(0.5)
      report.add(rows(state, times))
    }
    report.add([
      claimed(beside: .cold, medians, atMost: 0.5), claimed(beside: .spare, medians, atMost: 1.4),
    ])
  }

  private func claimed(beside other: State, _ medians: [State: Double], atMost limit: Double) -> Row {
    Row(
      name: "claimed spare beside \(other.rawValue): p50", value: medians[.claimed] ?? 0, floor: medians[other],
      unit: "ms", target: .timesFloor(limit))
  }

  private func rows(_ state: State, _ times: (bare: [Double], served: [Double])) -> [Row] {
    [("p50", 0.5, Row.Target.aboveFloor(FirstTokenBench.allowance)), ("p99", 0.99, .none)].map { name, share, target in
      Row(
        name: "first token, \(state.rawValue): \(name)", value: times.served.percentile(share),
        floor: times.bare.percentile(share), unit: "ms", target: target)
    }
  }

  private func measure(
    _ state: State, _ server: ServerUnderTest, _ environment: [String: String]
  ) throws -> (bare: [Double], served: [Double]) {
    let kept = state == .session ? try begin(server, environment) : nil
    defer { kept?.process.end() }
    let times = try (0..<FirstTokenBench.rounds).map { try round($0, state, server, environment, kept) }
    return (times.map(\.bare), times.map(\.served))
  }

  /// - Parameter kept: the session to continue on either side; nil for new ones.
  private func round(
    _ number: Int, _ state: State, _ server: ServerUnderTest, _ environment: [String: String],
    _ kept: (process: RealCLI, session: String)?
  ) throws -> (bare: Double, served: Double) {
    let start = ContinuousClock.now
    let process = try kept?.process ?? RealCLI(cli, bench, environment, awaitsClaim: state == .claimed)
    defer { if kept == nil { process.end() } }
    if state == .spare || state == .claimed { try waitForSpares(process, server) }
    let bare = try process.firstToken(FirstTokenBench.prompt, since: state == .cold ? start : .now)
    // Its work after the answer must not slow down the other side.
    if kept == nil { process.end() }
    // No spare has been started for a workspace that is new.
    let answer = try TimedCompletion(
      FirstTokenBench.prompt, session: kept?.session, in: state == .claimed ? "w\(number)" : nil, port: server.port)
    if state == .cold { try PoolStatus.wait(server.port) { $0.live == 0 } }
    return (bare, answer.firstToken)
  }

  /// Starts a session on either side and runs its first turn.
  private func begin(
    _ server: ServerUnderTest, _ environment: [String: String]
  ) throws -> (process: RealCLI, session: String) {
    let process = try RealCLI(cli, bench, environment)
    _ = try process.firstToken(FirstTokenBench.prompt)
    return (process, try TimedCompletion(FirstTokenBench.prompt, session: nil, port: server.port).session)
  }

  /// Waits until a spare is ready on either side and all processes are idle.
  private func waitForSpares(_ process: RealCLI, _ server: ServerUnderTest) throws {
    try process.waitUntilReady()
    try PoolStatus.wait(server.port) { $0.spare > $0.universal && $0.universal == 2 && $0.live == $0.spare }
    try Program.waitUntilIdle([process.pid] + Program.children(of: server.program.pid))
  }
}

/// The server's processes as `/health` counts them.
struct PoolStatus {
  let live: Int
  let spare: Int
  let universal: Int
  private static let timeout = Duration.seconds(20)
  private static let interval: useconds_t = 20_000

  init(port: UInt16) throws {
    guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
    defer { close(descriptor) }
    guard Descriptors.write(descriptor, Request.health, 0..<Request.health.count) == Request.health.count else {
      throw BenchFailure(call: "write")
    }
    var response = ResponseReader(descriptor)
    try response.readToEnd()
    guard let head = response.bytes.firstRange(of: Array("\r\n\r\n".utf8)),
      let details = try JSONValue(parsing: Array(response.bytes[head.upperBound...]))["checks"]?["processes"]?[
        "details"],
      let live = details["live"]?.int, let spare = details["spare"]?.int, let universal = details["universal"]?.int
    else { throw BenchFailure("/health has no counts of processes") }
    (self.live, self.spare, self.universal) = (live, spare, universal)
  }

  /// Waits until the counts satisfy `isRight`.
  static func wait(_ port: UInt16, until isRight: (PoolStatus) -> Bool) throws {
    let deadline = ContinuousClock.now + timeout
    while !isRight(try PoolStatus(port: port)) {
      guard ContinuousClock.now < deadline else { throw BenchFailure("the pool does not settle") }
      usleep(interval)
    }
  }
}
