import Glibc

/// Reads a response from a descriptor and waits for its parts.
struct ResponseReader {
  private let descriptor: Int32
  private(set) var bytes: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  private static let timeout = Duration.seconds(20)

  /// - Parameter descriptor: non-blocking. The caller closes it.
  init(_ descriptor: Int32) { self.descriptor = descriptor }

  mutating func clear() { bytes = [] }

  /// Reads until `text` has arrived.
  ///
  /// - Returns: the time of its arrival.
  mutating func read(until text: String) throws -> ContinuousClock.Instant {
    let wanted = Array(text.utf8)
    let deadline = ContinuousClock.now + ResponseReader.timeout
    while bytes.firstRange(of: wanted) == nil {
      guard try readSome(before: deadline) else { throw failure("ends without \(text)") }
    }
    return .now
  }

  /// Reads to the end.
  mutating func readToEnd() throws {
    let deadline = ContinuousClock.now + ResponseReader.timeout
    while try readSome(before: deadline) {}
  }

  /// - Returns: whether more can arrive.
  private mutating func readSome(before deadline: ContinuousClock.Instant) throws -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&watched, 1, 1000)
    let count = Descriptors.read(descriptor, into: &buffer)
    if count > 0 { bytes += buffer[..<count] }
    guard ContinuousClock.now < deadline else { throw failure("is not complete after 20 s") }
    return count != 0
  }

  private func failure(_ reason: String) -> BenchFailure {
    BenchFailure("a response \(reason): \(String(decoding: bytes.suffix(500), as: UTF8.self))")
  }
}
