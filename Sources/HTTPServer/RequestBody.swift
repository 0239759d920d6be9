public import EventLoop

/// The body of a complete request. Whoever reads it takes the bytes, so that nothing else keeps them in memory.
///
/// Its bytes count as in flight (`ServerLimits.bodiesInFlight`) until the response begins, also where the client is gone.
@Reactor
public final class RequestBody {
  /// How many bytes there are, or were before they were taken.
  public nonisolated let count: Int
  private var bytes: [UInt8]

  static let empty = RequestBody([])

  public nonisolated init(_ bytes: [UInt8]) {
    self.bytes = bytes
    count = bytes.count
  }

  /// Hands the bytes over; a second call has none.
  public func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }
}
