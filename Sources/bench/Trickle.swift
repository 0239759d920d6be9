import Glibc

/// Clients that never finish a request head: each sends one byte of it every tenth of a second. The server's deadline
/// for heads closes their connections, and that ends the process.
struct Trickle {
  private let connections: [Int32]
  private static let head = Array("GET /health/live HTTP/1.1\r\nhost: localhost\r\nx-filler: ".utf8)
  /// Their bytes are spread over so many milliseconds, an equal part in each.
  private static let period = 100

  init(connections count: String, port: String) throws {
    guard let count = Int(count), let port = UInt16(port) else { throw BenchFailure("two numbers are needed") }
    connections = try (0..<count).map { _ in
      guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
      return descriptor
    }
  }

  /// Sends; says so on standard output when each connection has sent its first byte.
  func run() throws -> Never {
    let start = ContinuousClock.now
    var tick = 0
    while true {
      try send(tick)
      tick += 1
      if tick == Trickle.period { Terminal.say("all have begun") }
      let pause = start + .milliseconds(tick) - .now
      if pause > .zero { usleep(useconds_t(pause.microseconds)) }
    }
  }

  private func send(_ tick: Int) throws {
    let round = tick / Trickle.period
    let byte = round < Trickle.head.count ? Trickle.head[round] : UInt8(ascii: "x")
    for index in stride(from: tick % Trickle.period, to: connections.count, by: Trickle.period)
    where Descriptors.write(connections[index], [byte], 0..<1) != 1 {
      throw BenchFailure("a slow connection is closed after \(round) bytes")
    }
  }
}
