import Bytes
import EventLoop
import HTTP

/// The body of a request while it comes: kept for a route, or counted and dropped.
@Reactor
final class IncomingBody {
  private var bytes: [UInt8] = []
  private let length: HTTPBodyLength
  private let limit: Int
  /// Of a body that is kept; nil for one that is dropped.
  private let share: BodyShare?
  private let startedAt: ContinuousClock.Instant
  private var hasReserved = false
  /// Bytes so far, framing excluded.
  private(set) var count = 0

  /// Below it memory grows as bytes come. Above it all that may come is reserved at once: a large body is not copied again
  /// and again, and a client has to send this much for each reservation. Reserved memory costs nothing until it is written.
  private static let reservationFloor = 1024 * 1024

  /// - Parameters:
  ///   - limit: the longest body, in bytes.
  ///   - share: what its bytes are counted on; nil if they are dropped.
  init(_ length: HTTPBodyLength, limit: Int, share: BodyShare?, startedAt: ContinuousClock.Instant) {
    self.length = length
    self.limit = limit
    self.share = share
    self.startedAt = startedAt
  }

  /// Reads on, as far as `input` goes.
  ///
  /// - Returns: whether the body is complete.
  /// - Throws: `HTTPError`: 413 over the limit, 503 over the budget, and the parser's errors.
  func read(_ input: inout ByteBuffer, _ parser: inout HTTPRequestParser) throws(HTTPError) -> Bool {
    reserve()
    let before = bytes.count
    let event: HTTPRequestParser.Event?
    do throws(HTTPProtocolError) {
      event = try parser.next(&input, body: &bytes)
    } catch {
      throw HTTPError(error)
    }
    let more = bytes.count - before
    count += more
    guard count <= limit else { throw .bodyTooLarge(limit) }
    if let share { try share.grow(by: more) } else { bytes.removeAll(keepingCapacity: true) }
    return event != nil
  }

  private func reserve() {
    guard share != nil, !hasReserved, count >= IncomingBody.reservationFloor else { return }
    hasReserved = true
    if case .known(let length) = length { bytes.reserveCapacity(length) } else { bytes.reserveCapacity(limit) }
  }

  /// The latest time for more of it: after a silence, or when it is slower on average than a body may be.
  func deadline(_ now: ContinuousClock.Instant, _ limits: ServerLimits) -> ContinuousClock.Instant {
    let earned: Duration = .milliseconds(count * 1000 / limits.bodyRate)
    return min(now + limits.bodyTimeout, startedAt + limits.bodyGrace + earned)
  }

  /// The complete body; empty if it was dropped.
  func take() -> RequestBody {
    defer { bytes = [] }
    return RequestBody(bytes)
  }
}
