import Glibc

/// Many streamed chat completions at the same time. Each text must be exact, and no resource may be left over.
struct StreamsBench {
  let bench: BenchEnvironment
  private static let counts = [500, 2000]
  private static let tokens = 20
  /// Milliseconds between the tokens of a stream. The first stream must still be open when the last one begins; if it is
  /// not, the next gap is tried.
  private static func gaps(_ streams: Int) -> [Int] { [1, 2].map { $0 * (150 + streams * 2 / 5) } }
  /// How long the server gets to reap its children.
  private static let timeout = Duration.seconds(10)
  private static let settling: useconds_t = 1_000_000

  /// Adds the rows of each count.
  ///
  /// - Throws: `BenchFailure` for a text that is not exact and for resources that are left over.
  func run(_ report: Report) throws {
    for streams in StreamsBench.counts {
      let server = try ServerUnderTest.server(bench)
      defer { server.end() }
      try measure(streams, server, report)
    }
  }

  private func measure(_ streams: Int, _ server: ServerUnderTest, _ report: Report) throws {
    // The first stream allocates what the server keeps for all later ones.
    _ = try hold(1, server, during: {})
    let before = try settled(server, nil)
    var during = before
    let answers = try hold(streams, server) { during = try ProcessUsage(server.program) }
    let after = try settled(server, before)
    let exact = try answers.count { try CompletionStream($0).content == StreamsBench.expected }
    report.add(StreamsResult(count: streams, exact: exact, before: before, during: during, after: after).rows)
    guard exact == streams else { throw BenchFailure("\(streams - exact) of \(streams) texts are not exact") }
    guard after.isBack(to: before) else { throw BenchFailure("\(streams) streams left resources over: \(after)") }
  }

  /// - Parameter during: called when all streams have begun and none has ended.
  /// - Returns: the bytes that each connection has received.
  private func hold(_ streams: Int, _ server: ServerUnderTest, during: () throws -> Void) throws -> [[UInt8]] {
    for gap in StreamsBench.gaps(streams) {
      let request = Request.translated(Request.prompt(events: StreamsBench.tokens, gap: gap))
      let load = try StreamLoad(request, streams: streams, port: server.port, endsSending: false, keepsAnswers: true)
      defer { load.close() }
      try load.waitUntilBegun()
      guard load.openStreams == streams else { continue }
      try during()
      try load.waitUntilEnded()
      return load.answers
    }
    throw BenchFailure("this machine is too slow to hold \(streams) streams at the same time")
  }

  private func settled(_ server: ServerUnderTest, _ before: ProcessUsage?) throws -> ProcessUsage {
    let deadline = ContinuousClock.now + StreamsBench.timeout
    while true {
      usleep(StreamsBench.settling)
      let now = try ProcessUsage(server.program)
      let isSettled = before.map(now.isBack) ?? (now.children + now.zombies == 0)
      if isSettled || ContinuousClock.now > deadline { return now }
    }
  }

  /// The simulator's answer.
  private static let expected = (0..<tokens).map { "w\($0) " }.joined()
}

/// The result of one count of streams.
struct StreamsResult {
  let count: Int
  /// How many texts were exact.
  let exact: Int
  let before: ProcessUsage
  let during: ProcessUsage
  let after: ProcessUsage

  var rows: [Row] {
    [row("texts exact", Double(exact), "streams", floor: Double(count), target: .floorDividedBy(1))] + memory
      + descriptors + [
        row("children left", Double(after.children), "", target: .below(1)),
        row("zombies left", Double(after.zombies), "", target: .below(1)),
      ]
  }

  private var memory: [Row] {
    [("before", before), ("during", during), ("after", after)].map { moment, usage in
      row("RSS \(moment)", Double(usage.residentBytes) / 1_000_000, "MB")
    }
  }

  private var descriptors: [Row] {
    [("before", before), ("after", after)].compactMap { moment, usage in
      usage.descriptors.map { row("descriptors \(moment)", Double($0), "") }
    }
  }

  private func row(
    _ name: String, _ value: Double, _ unit: String, floor: Double? = nil, target: Row.Target = .none
  ) -> Row {
    Row(name: "\(count) streams: \(name)", value: value, floor: floor, unit: unit, target: target)
  }
}
