/// Keep-alive connections that send the same small request again and again, one at a time on each.
final class RequestLoad {
  private let connections: LoadConnections
  private let descriptors: [Int32]
  private let responseSize: Int
  /// How many bytes of its response each connection has received.
  private var received = [Int](repeating: 0, count: 65_536)
  private var lastResponseSize = 0
  /// When each unanswered request was sent, if responses are timed.
  private var sent: [Int32: ContinuousClock.Instant] = [:]
  private static let timeout = Duration.seconds(60)
  private static let timeoutWhenTimed = Duration.seconds(5)

  init(connections count: Int, port: UInt16, responseSize: Int) throws {
    let connections = try LoadConnections(port: port, bufferSize: 16 * 1024)
    self.connections = connections
    self.responseSize = responseSize
    descriptors = try (0..<count).map { _ in try connections.connect() }
  }

  /// Sends one request and returns the bytes of its response.
  static func responseSize(of port: UInt16) throws -> Int {
    let load = try RequestLoad(connections: 1, port: port, responseSize: 1)
    defer { load.close() }
    try load.run(requests: 1)
    return load.lastResponseSize
  }

  /// Sends `requests` over all connections as fast as responses come, and waits for all responses.
  func run(requests: Int) throws {
    var unsent = requests
    var unanswered = requests
    for descriptor in descriptors where unsent > 0 {
      unsent -= 1
      try send(on: descriptor)
    }
    try connections.pump(
      every: 1000, timeout: RequestLoad.timeout, until: { unanswered == 0 },
      problem: { "\(unanswered) requests have no response" }
    ) { descriptor in
      guard takeResponse(descriptor) else { return }
      unanswered -= 1
      guard unsent > 0 else { return }
      unsent -= 1
      try send(on: descriptor)
    }
  }

  /// Sends a request every `interval`, over the connections in turn.
  ///
  /// - Returns: the microseconds from each request to the end of its response.
  func run(requests: Int, every interval: Duration) throws -> [Double] {
    var times: [Double] = []
    var due = ContinuousClock.now
    for number in 0..<requests {
      try collect(&times) { due <= .now }
      let descriptor = descriptors[number % descriptors.count]
      // A late response delays the next request of its connection, and is itself counted.
      try collect(&times) { sent[descriptor] == nil }
      sent[descriptor] = .now
      try send(on: descriptor)
      due += interval
    }
    try collect(&times) { sent.isEmpty }
    return times
  }

  func close() { connections.close() }

  private func collect(_ times: inout [Double], until isDone: () -> Bool) throws {
    try connections.pump(
      every: 1, timeout: RequestLoad.timeoutWhenTimed, until: isDone,
      problem: { "\(sent.count) requests have no response" }
    ) { descriptor in
      guard takeResponse(descriptor), let start = sent.removeValue(forKey: descriptor) else { return }
      times.append((ContinuousClock.now - start).microseconds)
    }
  }

  private func send(on descriptor: Int32) throws { try connections.send(Request.tiny, on: descriptor) }

  /// Reads, and returns whether the response is complete.
  private func takeResponse(_ descriptor: Int32) -> Bool {
    let count = connections.read(descriptor)
    guard count > 0 else { return false }
    received[Int(descriptor)] += count
    guard received[Int(descriptor)] >= responseSize else { return false }
    lastResponseSize = received[Int(descriptor)]
    received[Int(descriptor)] = 0
    return true
  }
}
