import Glibc

/// What comes out of a descriptor, waited for.
struct Intake {
  private let descriptor: Int32
  private(set) var bytes: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  private static let timeout = Duration.seconds(20)

  /// - Parameter descriptor: non-blocking; it stays the caller's.
  init(_ descriptor: Int32) { self.descriptor = descriptor }

  mutating func clear() { bytes = [] }

  /// Reads until `text` has come.
  ///
  /// - Returns: when that was.
  mutating func until(_ text: String) throws -> ContinuousClock.Instant {
    let wanted = Array(text.utf8)
    let deadline = ContinuousClock.now + Intake.timeout
    while bytes.firstRange(of: wanted) == nil {
      guard try readSome(before: deadline) else { throw failure("ends without \(text)") }
    }
    return .now
  }

  /// Reads to the end.
  mutating func untilEnd() throws {
    let deadline = ContinuousClock.now + Intake.timeout
    while try readSome(before: deadline) {}
  }

  /// - Returns: whether more can come.
  private mutating func readSome(before deadline: ContinuousClock.Instant) throws -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&watched, 1, 1000)
    let count = Descriptors.read(descriptor, into: &buffer)
    if count > 0 { bytes += buffer[..<count] }
    guard ContinuousClock.now < deadline else { throw failure("is late") }
    return count != 0
  }

  private func failure(_ reason: String) -> BenchFailure {
    BenchFailure("an answer \(reason): \(String(decoding: bytes.suffix(500), as: UTF8.self))")
  }
}
