import Glibc

/// Keep-alive connections that ask one after the other, a request each millisecond, and take the time of each answer.
final class SteadyLoad {
  private var poller: Poller
  private var connections: [Int32] = []
  /// When the request under way was sent, and how much of its answer is still to come.
  private var underWay: [Int32: (sent: ContinuousClock.Instant, missing: Int)] = [:]
  private var buffer = [UInt8](repeating: 0, count: 16 * 1024)
  private var times: [Double] = []
  private let responseSize: Int
  private static let interval = Duration.milliseconds(1)
  private static let timeout = Duration.seconds(5)

  init(connections count: Int, port: UInt16, responseSize: Int) throws {
    poller = try Poller()
    self.responseSize = responseSize
    for _ in 0..<count {
      guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
      try poller.watch(descriptor)
      connections.append(descriptor)
    }
  }

  /// Asks so many times.
  ///
  /// - Returns: the microseconds from each request to the end of its answer.
  func run(requests: Int) throws -> [Double] {
    times = []
    var due = ContinuousClock.now
    for number in 0..<requests {
      try pump { due <= .now }
      try ask(connections[number % connections.count])
      due += SteadyLoad.interval
    }
    try pump { underWay.isEmpty }
    return times
  }

  func close() {
    for descriptor in connections { Glibc.close(descriptor) }
    connections = []
    poller.close()
  }

  private func ask(_ descriptor: Int32) throws {
    // One at a time: an answer that is late delays the next request of its connection, and is itself counted.
    try pump { underWay[descriptor] == nil }
    underWay[descriptor] = (.now, responseSize)
    guard Descriptors.write(descriptor, Request.tiny, 0..<Request.tiny.count) == Request.tiny.count else {
      throw BenchFailure(call: "write")
    }
  }

  private func pump(until isDone: () -> Bool) throws {
    let deadline = ContinuousClock.now + SteadyLoad.timeout
    while !isDone() {
      poller.wait(milliseconds: 1)
      for event in poller.ready { take(event.descriptor) }
      guard ContinuousClock.now < deadline else { throw BenchFailure("\(underWay.count) requests have no answer") }
    }
  }

  private func take(_ descriptor: Int32) {
    let count = Descriptors.read(descriptor, into: &buffer)
    guard count > 0, var request = underWay.removeValue(forKey: descriptor) else { return }
    request.missing -= count
    if request.missing > 0 {
      underWay[descriptor] = request
    } else {
      times.append((ContinuousClock.now - request.sent).microseconds)
    }
  }
}
