import Bytes
import Glibc

/// Many streams at the same time, each on its own connection.
final class StreamLoad {
  private let connections: LoadConnections
  private let streams: Int
  private var begun: Set<Int32> = []
  /// How many lines have ended so far. Each event has at least one line.
  private(set) var lines = 0
  /// The bytes of each connection, if answers are kept.
  private var received: [Int32: [UInt8]]?

  private static let timeout = Duration.seconds(60)

  /// Opens the streams.
  ///
  /// - Parameters:
  ///   - endsSending: whether to shut down the sending side. The plain relay takes that as the end of its input.
  ///   - keepsAnswers: whether `answers` are needed.
  init(
    _ request: [UInt8], streams: Int, port: UInt16, endsSending: Bool, keepsAnswers: Bool = false
  ) throws {
    connections = try LoadConnections(port: port, bufferSize: 256 * 1024)
    self.streams = streams
    received = keepsAnswers ? [:] : nil
    for _ in 0..<streams {
      let descriptor = try connections.connect()
      try connections.send(request, on: descriptor)
      if endsSending { shutdown(descriptor, Int32(SHUT_WR)) }
    }
  }

  /// Reads until each stream has sent something.
  func waitUntilBegun() throws { try pump { begun.count == streams } }

  /// Reads all streams to their ends.
  func waitUntilEnded() throws { try pump { connections.open.isEmpty } }

  var openStreams: Int { connections.open.count }

  /// The bytes that each connection has received so far.
  var answers: [[UInt8]] { received.map { Array($0.values) } ?? [] }

  /// Closes the streams that are still open.
  func close() { connections.close() }

  private func pump(until isDone: () -> Bool) throws {
    try connections.pump(
      every: 1000, timeout: StreamLoad.timeout, until: isDone, problem: { "\(openStreams) streams do not end" },
      handle: drain)
  }

  private func drain(_ descriptor: Int32) {
    while connections.open.contains(descriptor) {
      let count = connections.read(descriptor) { bytes in
        begun.insert(descriptor)
        received?[descriptor, default: []] += bytes.bytes(in: 0..<bytes.count)
        lines += bytes.lineFeeds
      }
      guard count > 0 else {
        if count == 0 || errno != EAGAIN { connections.close(descriptor) }
        return
      }
    }
  }
}

extension Span<UInt8> {
  fileprivate var lineFeeds: Int {
    var count = 0
    for index in indices where self[index] == Ascii.lineFeed { count += 1 }
    return count
  }
}
