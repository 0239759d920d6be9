import Glibc

/// Many streamed chat completions at the same time: each text exact, and nothing left behind.
struct StreamsBench {
  let ground: Ground
  private static let counts = [500, 2000]
  private static let tokens = 20
  /// Milliseconds between the tokens of a stream: long enough that the first is still open when the last one begins. A
  /// machine that is too slow for one gets the next.
  private static func gaps(_ streams: Int) -> [Int] { [1, 2].map { $0 * (150 + streams * 2 / 5) } }
  /// How long the server gets to see to the ends of its children and to give memory back.
  private static let timeout = Duration.seconds(10)
  private static let settling: useconds_t = 1_000_000

  /// - Parameter show: gets the rows of each count, also of one that then fails.
  /// - Throws: `BenchFailure` for a text that is not exact and for what is left behind.
  func run(_ show: ([Row]) -> Void) throws {
    for streams in StreamsBench.counts {
      let server = try Subject.server(ground)
      defer { server.end() }
      try measure(streams, server, show)
    }
  }

  private func measure(_ streams: Int, _ server: Subject, _ show: ([Row]) -> Void) throws {
    // What the first stream needs once, the server keeps.
    _ = try hold(1, server, during: {})
    let before = try settled(server, nil)
    var during = before
    let answers = try hold(streams, server) { during = try Holdings(server.program) }
    let after = try settled(server, before)
    let exact = try answers.count { try TranslatedAnswer($0).content == StreamsBench.expected }
    show(HeldStreams(count: streams, exact: exact, before: before, during: during, after: after).rows)
    guard exact == streams else { throw BenchFailure("\(streams - exact) of \(streams) texts are not exact") }
    guard after.isBack(to: before) else { throw BenchFailure("\(streams) streams left something behind: \(after)") }
  }

  /// - Parameter during: called when all streams have begun and none has ended.
  /// - Returns: all that each connection has received.
  private func hold(_ streams: Int, _ server: Subject, during: () throws -> Void) throws -> [[UInt8]] {
    for gap in StreamsBench.gaps(streams) {
      let request = Request.translated(Simulation.prompt(events: StreamsBench.tokens, gap: gap))
      let load = try StreamLoad(request, streams: streams, port: server.port, endsSending: false, keepsAnswers: true)
      defer { load.leave() }
      try load.untilBegun()
      guard load.openStreams == streams else { continue }
      try during()
      try load.untilEnded()
      return load.answers
    }
    throw BenchFailure("this machine is too slow to hold \(streams) streams at the same time")
  }

  private func settled(_ server: Subject, _ before: Holdings?) throws -> Holdings {
    let deadline = ContinuousClock.now + StreamsBench.timeout
    while true {
      usleep(StreamsBench.settling)
      let now = try Holdings(server.program)
      let isSettled = before.map(now.isBack) ?? (now.children + now.zombies == 0)
      if isSettled || ContinuousClock.now > deadline { return now }
    }
  }

  /// The simulator's answer.
  private static let expected = (0..<tokens).map { "w\($0) " }.joined()
}
