import EventLoop

/// The runs under way, by id and by session. A session has at most one.
struct RunRegistry {
  private var runs: [String: Run] = [:]
  private var idsBySession: [String: String] = [:]

  var isEmpty: Bool { runs.isEmpty }
  var count: Int { runs.count }
  var all: [Run] { Array(runs.values) }

  subscript(id: String) -> Run? { runs[id] }

  /// The run in a session, parked or not.
  func run(in session: String) -> Run? { idsBySession[session].flatMap { runs[$0] } }

  @Reactor
  mutating func add(_ run: Run) {
    runs[run.id] = run
    idsBySession[run.sessionID] = run.id
  }

  /// The run has moved from `session` to another one.
  @Reactor
  mutating func move(_ run: Run, from session: String) {
    if idsBySession[session] == run.id { idsBySession[session] = nil }
    idsBySession[run.sessionID] = run.id
  }

  @Reactor
  mutating func remove(_ id: String) -> Run? {
    guard let run = runs.removeValue(forKey: id) else { return nil }
    if idsBySession[run.sessionID] == id { idsBySession[run.sessionID] = nil }
    return run
  }
}
