import Glibc

/// Non-blocking connections to one server, watched by one poller.
final class LoadConnections {
  private(set) var open: Set<Int32> = []
  private var buffer: [UInt8]
  private let port: UInt16
  private var poller: Poller

  init(port: UInt16, bufferSize: Int) throws {
    self.port = port
    buffer = [UInt8](repeating: 0, count: bufferSize)
    poller = try Poller()
  }

  func connect() throws -> Int32 {
    guard let descriptor = Descriptors.connect(to: port) else { throw BenchFailure(call: "connect") }
    try poller.watch(descriptor)
    open.insert(descriptor)
    return descriptor
  }

  func send(_ bytes: [UInt8], on descriptor: Int32) throws {
    guard Descriptors.write(descriptor, bytes, 0..<bytes.count) == bytes.count else {
      throw BenchFailure(call: "write")
    }
  }

  /// Reads once and passes the bytes to `body`. Returns the count; see `Descriptors.read`.
  func read(_ descriptor: Int32, _ body: (Span<UInt8>) -> Void = { _ in }) -> Int {
    let count = Descriptors.read(descriptor, into: &buffer)
    guard count > 0 else { return count }
    let bytes = buffer
    body(bytes.span.extracting(0..<count))
    return count
  }

  /// Passes each connection that is ready to `handle`, until `isDone`.
  ///
  /// - Parameters:
  ///   - interval: how often `isDone` is checked at least, in milliseconds.
  ///   - problem: describes what is missing when the time is over.
  /// - Throws: `BenchFailure` with the problem after `timeout`.
  func pump(
    every interval: Int32, timeout: Duration, until isDone: () -> Bool, problem: () -> String,
    handle: (Int32) throws -> Void
  ) throws {
    let deadline = ContinuousClock.now + timeout
    while !isDone() {
      poller.wait(milliseconds: interval)
      for event in poller.ready { try handle(event.descriptor) }
      guard ContinuousClock.now < deadline else { throw BenchFailure(problem()) }
    }
  }

  func close(_ descriptor: Int32) {
    open.remove(descriptor)
    Glibc.close(descriptor)
  }

  /// Closes all connections that are still open.
  func close() {
    for descriptor in open { Glibc.close(descriptor) }
    open = []
    poller.close()
  }
}
