public import EventLoop

/// The body of a complete request. Whoever reads it takes the bytes, so that nothing else keeps them in memory.
///
/// Its bytes count as in flight (`ServerLimits.bodiesInFlight`) until `release`, or until the response begins.
@Reactor
public final class RequestBody {
  /// How many bytes there are, or were before they were taken.
  public nonisolated let count: Int
  private var bytes: [UInt8]
  private let share: BodyShare?

  static let empty = RequestBody([])

  init(_ bytes: [UInt8], _ share: BodyShare?) {
    self.bytes = bytes
    self.share = share
    count = bytes.count
  }

  /// A body that came over no connection.
  public nonisolated init(_ bytes: [UInt8]) {
    self.bytes = bytes
    share = nil
    count = bytes.count
  }

  /// Hands the bytes over; a second call has none.
  public func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// The bytes have been read, and are in no memory any more.
  public func release() {
    bytes = []
    share?.release()
  }
}
