import EventLoop
import HTTP

/// Counts the body of a request while it comes: kept for a route, or dropped.
@Reactor
final class IncomingBody {
  private let length: HTTPBodyLength
  private let limit: Int
  /// Of a body that is kept; nil for one that is dropped.
  private let share: BodyShare?
  private var hasReserved = false
  private var counted = 0

  /// Below it memory grows as bytes come. Above it all that may come is reserved at once: a large body is not copied again
  /// and again, and a client has to send this much for each reservation. Reserved memory costs nothing until it is written.
  private static let reservationFloor = 1024 * 1024

  /// - Parameters:
  ///   - limit: the longest body, in bytes.
  ///   - share: its bytes are counted on it; nil if they are dropped.
  init(_ length: HTTPBodyLength, limit: Int, share: BodyShare?) {
    self.length = length
    self.limit = limit
    self.share = share
  }

  /// Bytes were appended to `bytes`, which has all that is kept.
  ///
  /// - Throws: `HTTPError` 503 over the budget.
  func didGrow(_ bytes: inout [UInt8]) throws(HTTPError) {
    guard let share else { return bytes.removeAll(keepingCapacity: true) }
    try share.grow(by: bytes.count - counted)
    counted = bytes.count
    guard !hasReserved, counted >= IncomingBody.reservationFloor else { return }
    hasReserved = true
    if case .known(let length) = length { bytes.reserveCapacity(length) } else { bytes.reserveCapacity(limit) }
  }
}
