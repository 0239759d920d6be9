import Bytes
import Glibc

/// Many streams at once, each on a connection of its own.
final class StreamLoad {
  private var poller: Poller
  private let streams: Int
  private var isOpen: [Int32: Bool] = [:]
  private var begun: Set<Int32> = []
  private var buffer = [UInt8](repeating: 0, count: 256 * 1024)
  /// Line ends that have come: each event has at least one.
  private(set) var lines = 0
  /// What came over each connection, if it is kept.
  private var received: [Int32: [UInt8]]?

  private static let timeout = Duration.seconds(60)

  /// Opens the streams.
  ///
  /// - Parameters:
  ///   - endsSending: whether the end of our sending is the end of the input, as for the plain relay.
  ///   - keepsAnswers: whether `answers` are wanted.
  init(
    _ request: [UInt8], streams: Int, port: UInt16, endsSending: Bool, keepsAnswers: Bool = false
  ) throws {
    poller = try Poller()
    self.streams = streams
    received = keepsAnswers ? [:] : nil
    for _ in 0..<streams {
      guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
      try poller.watch(descriptor)
      isOpen[descriptor] = true
      guard Descriptors.write(descriptor, request, 0..<request.count) == request.count else {
        throw BenchFailure(call: "write")
      }
      if endsSending { shutdown(descriptor, Int32(SHUT_WR)) }
    }
  }

  /// Reads until each stream has said something.
  func untilBegun() throws { try pump { begun.count == streams } }

  /// Reads all streams to their ends.
  func untilEnded() throws { try pump { isOpen.isEmpty } }

  var openStreams: Int { isOpen.count }

  /// All that each connection has received so far.
  var answers: [[UInt8]] { received.map { Array($0.values) } ?? [] }

  /// Leaves the streams that are still open.
  func leave() {
    for descriptor in isOpen.keys { close(descriptor) }
    isOpen = [:]
    poller.close()
  }

  private func pump(until isDone: () -> Bool) throws {
    let deadline = ContinuousClock.now + StreamLoad.timeout
    while !isDone() {
      poller.wait(milliseconds: 1000)
      for event in poller.ready { drain(event.descriptor) }
      guard ContinuousClock.now < deadline else { throw BenchFailure("\(isOpen.count) streams do not end") }
    }
  }

  private func drain(_ descriptor: Int32) {
    while isOpen[descriptor] == true {
      let count = Descriptors.read(descriptor, into: &buffer)
      guard count > 0 else {
        if count == 0 || errno != EAGAIN {
          close(descriptor)
          isOpen[descriptor] = nil
        }
        return
      }
      begun.insert(descriptor)
      received?[descriptor, default: []] += buffer[..<count]
      lines += buffer.span.extracting(0..<count).lineEnds
    }
  }
}

extension Span<UInt8> {
  /// How many there are.
  fileprivate var lineEnds: Int {
    var count = 0
    for index in indices where self[index] == Ascii.lineFeed { count += 1 }
    return count
  }
}
