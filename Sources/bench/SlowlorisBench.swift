import Glibc

/// How long good clients wait for a tiny answer, alone and beside many that never finish their request heads:
/// alternating rounds on one server, the medians of their percentiles.
struct SlowlorisBench {
  let ground: Ground
  let server: Subject
  let responseSize: Int
  private static let goodClients = 50
  private static let slowClients = 500
  private static let requests = 400
  private static let rounds = 15

  func rows() throws -> [Row] {
    var alone: [[Double]] = []
    var beside: [[Double]] = []
    for _ in 0..<SlowlorisBench.rounds {
      alone.append(try times())
      beside.append(try timesBesideSlowOnes())
    }
    // Slow clients may cost a good one the wait behind a few single-byte reads, some microseconds each: far less than the
    // wake-ups that make up its time alone. Twice is room for a noisy machine, and less than any work that grows with
    // the number of connections would take.
    return [
      row("p50", 0.5, alone, beside, target: .none),
      row("p99", 0.99, alone, beside, target: .timesFloor(2)),
    ]
  }

  private func row(
    _ name: String, _ share: Double, _ alone: [[Double]], _ beside: [[Double]], target: Row.Target
  ) -> Row {
    Row(
      name: "50 beside 500 slow heads: \(name)", value: beside.map { $0.percentile(share) }.median,
      floor: alone.map { $0.percentile(share) }.median, unit: "us", target: target)
  }

  private func times() throws -> [Double] {
    let load = try SteadyLoad(
      connections: SlowlorisBench.goodClients, port: server.port, responseSize: responseSize)
    defer { load.close() }
    _ = try load.run(requests: SlowlorisBench.goodClients)
    return try load.run(requests: SlowlorisBench.requests)
  }

  private func timesBesideSlowOnes() throws -> [Double] {
    let slow = try Program(
      ground.program("bench"), ["trickle", "\(SlowlorisBench.slowClients)", "\(server.port)"], environment: [:],
      isConnected: true)
    defer {
      slow.end()
      for end in [slow.input, slow.output] { close(end) }
    }
    try slow.awaitOutput(milliseconds: 5000)
    let times = try times()
    guard slow.isRunning else { throw BenchFailure("the slow clients did not stay to the end") }
    return times
  }
}
