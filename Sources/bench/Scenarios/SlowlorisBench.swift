import Glibc

/// How long clients wait for a small response, alone and beside many clients that never finish their request heads.
/// The rounds alternate on one server; the rows are the medians of their percentiles.
struct SlowlorisBench {
  let bench: BenchEnvironment
  let server: ServerUnderTest
  let responseSize: Int
  private static let clients = 50
  private static let slowClients = 500
  private static let requests = 400
  private static let rounds = 15
  private static let interval = Duration.milliseconds(1)

  func rows() throws -> [Row] {
    var alone: [[Double]] = []
    var beside: [[Double]] = []
    for _ in 0..<SlowlorisBench.rounds {
      alone.append(try times())
      beside.append(try timesBesideSlowClients())
    }
    // Beside slow clients a request may wait behind a few reads of one byte, some microseconds each. That is far less than
    // the wake-ups in its time alone. A factor of 2 leaves room for a noisy machine, and is less than work that grows
    // with the number of connections would take.
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
    let load = try RequestLoad(
      connections: SlowlorisBench.clients, port: server.port, responseSize: responseSize)
    defer { load.close() }
    _ = try load.run(requests: SlowlorisBench.clients, every: SlowlorisBench.interval)
    return try load.run(requests: SlowlorisBench.requests, every: SlowlorisBench.interval)
  }

  private func timesBesideSlowClients() throws -> [Double] {
    let slow = try Program(
      bench.program("bench"), ["trickle", "\(SlowlorisBench.slowClients)", "\(server.port)"], environment: [:],
      isConnected: true)
    defer {
      slow.end()
      for end in [slow.input, slow.output] { close(end) }
    }
    try slow.waitForOutput(milliseconds: 5000)
    let times = try times()
    guard slow.isRunning else { throw BenchFailure("the slow clients did not stay to the end") }
    return times
  }
}

/// Clients that never finish a request head. Each sends one byte of it every tenth of a second. When the server closes
/// their connections at its deadline for heads, the process ends.
struct SlowClients {
  private let connections: [Int32]
  private static let head = Array("GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-filler: ".utf8)
  /// All connections send once in this many milliseconds, an equal part of them in each.
  private static let period = 100

  init(connections count: String, port: String) throws {
    guard let count = Int(count), let port = UInt16(port) else { throw BenchFailure("two numbers are needed") }
    connections = try (0..<count).map { _ in
      guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
      return descriptor
    }
  }

  /// Sends for ever. Prints a line when each connection has sent its first byte.
  func run() throws -> Never {
    let start = ContinuousClock.now
    var tick = 0
    while true {
      try send(tick)
      tick += 1
      if tick == SlowClients.period { Terminal.print("all have begun") }
      let pause = start + .milliseconds(tick) - .now
      if pause > .zero { usleep(useconds_t(pause.microseconds)) }
    }
  }

  private func send(_ tick: Int) throws {
    let round = tick / SlowClients.period
    let byte = round < SlowClients.head.count ? SlowClients.head[round] : UInt8(ascii: "x")
    for index in stride(from: tick % SlowClients.period, to: connections.count, by: SlowClients.period)
    where Descriptors.write(connections[index], [byte], 0..<1) != 1 {
      throw BenchFailure("a slow connection is closed after \(round) bytes")
    }
  }
}
