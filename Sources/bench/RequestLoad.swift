import Glibc

/// Keep-alive connections that ask for the same tiny answer again and again, one request at a time each.
final class RequestLoad {
  private var poller: Poller
  private var connections: [Int32] = []
  private var received = [Int](repeating: 0, count: 65_536)
  private var buffer = [UInt8](repeating: 0, count: 16 * 1024)
  private let responseSize: Int

  init(connections count: Int, port: UInt16, responseSize: Int) throws {
    poller = try Poller()
    self.responseSize = responseSize
    for _ in 0..<count {
      guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
      try poller.watch(descriptor)
      connections.append(descriptor)
    }
  }

  /// How many bytes an answer has.
  static func responseSize(of port: UInt16) throws -> Int {
    let load = try RequestLoad(connections: 1, port: port, responseSize: 1)
    defer { load.close() }
    try load.run(requests: 1)
    guard load.received[0] > 0 else { throw BenchFailure("no answer to a tiny request") }
    return load.received[0]
  }

  /// Sends this many requests over all connections and waits for their answers.
  func run(requests: Int) throws {
    var unsent = requests
    var unanswered = requests
    for descriptor in connections where unsent > 0 {
      unsent -= 1
      ask(descriptor)
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while unanswered > 0 {
      poller.wait(milliseconds: 1000)
      for event in poller.ready where takeAnswer(event.descriptor) {
        unanswered -= 1
        guard unsent > 0 else { continue }
        unsent -= 1
        ask(event.descriptor)
      }
      guard ContinuousClock.now < deadline else { throw BenchFailure("\(unanswered) requests have no answer") }
    }
  }

  func close() {
    for descriptor in connections { Glibc.close(descriptor) }
    connections = []
    poller.close()
  }

  private func ask(_ descriptor: Int32) {
    _ = Descriptors.write(descriptor, Request.tiny, 0..<Request.tiny.count)
  }

  /// Whether an answer is complete.
  private func takeAnswer(_ descriptor: Int32) -> Bool {
    let count = Descriptors.read(descriptor, into: &buffer)
    guard count > 0 else { return false }
    received[Int(descriptor)] += count
    guard received[Int(descriptor)] >= responseSize else { return false }
    received[0] = received[Int(descriptor)]
    received[Int(descriptor)] = 0
    return true
  }
}
