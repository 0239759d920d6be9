public import EventLoop

/// The body of a complete request. Reading takes the bytes away, so that nothing else keeps them in memory.
///
/// Its bytes count as in flight (`ServerLimits.bodiesInFlight`) until the response begins, even if the client is gone.
@Reactor
public final class RequestBody {
  /// How many bytes there are, or were before they were taken.
  public nonisolated let count: Int
  private var bytes: [UInt8]
  /// Of a route that reads its body piece by piece; nil for others.
  let stream: RequestBodyStream?

  static let empty = RequestBody([])

  public nonisolated init(_ bytes: [UInt8]) {
    self.bytes = bytes
    count = bytes.count
    stream = nil
  }

  init(_ stream: RequestBodyStream) {
    bytes = []
    count = 0
    self.stream = stream
  }

  /// Hands the bytes over; a second call has none.
  public func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }
}
