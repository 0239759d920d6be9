import Bytes
import EventLoop
import HTTP

/// The body of a request while it comes: kept for a route, or counted and dropped.
@Reactor
final class IncomingBody {
  private var bytes: [UInt8] = []
  private let limit: Int
  private let isKept: Bool
  /// Bytes so far, framing excluded.
  private(set) var count = 0

  /// - Parameter limit: the longest body, in bytes.
  init(limit: Int, isKept: Bool) {
    self.limit = limit
    self.isKept = isKept
  }

  /// Reads on, as far as `input` goes.
  ///
  /// - Returns: whether the body is complete.
  /// - Throws: 413 over the limit, and the parser's errors.
  func read(_ input: inout ByteBuffer, _ parser: inout HTTPRequestParser) throws(HTTPError) -> Bool {
    let before = bytes.count
    let event: HTTPRequestParser.Event?
    do throws(HTTPProtocolError) {
      event = try parser.next(&input, body: &bytes)
    } catch {
      throw HTTPError(error)
    }
    count += bytes.count - before
    guard count <= limit else { throw .bodyTooLarge(limit) }
    if !isKept { bytes.removeAll(keepingCapacity: true) }
    return event != nil
  }

  /// The complete body; empty if it was dropped.
  func take() -> RequestBody {
    defer { bytes = [] }
    return RequestBody(bytes)
  }
}
