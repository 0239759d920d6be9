public import Bytes

/// The outgoing bytes of a connection: heads, bodies, chunks. It has no socket; the owner of the socket takes bytes
/// from here.
///
/// Everything written to a chunked body until `closeChunk` becomes one chunk, so that a turn of the loop makes one
/// chunk, whatever the number of events in it.
public struct HTTPOutput: Sendable {
  private var buffer = HTTPOutput.emptyBuffer
  /// Where the open chunk begins.
  private var openChunk: Int?

  /// Room for the size of a chunk that is still open: eight digits, enough for 4 GiB.
  private static let chunkHead = "00000000\r\n"

  /// What a turn of the loop writes in a burst fits; a larger buffer is not kept.
  public static let retainedCapacity = 256 * 1024
  private static let emptyBuffer = ByteBuffer(retaining: retainedCapacity)

  public init() {}

  /// Whether it can be written to without allocating.
  public var hasStorage: Bool { buffer.capacity > 0 }

  /// Writes into the storage of `spare` from now on; for an output that has none.
  public mutating func adopt(_ spare: ByteBuffer) { buffer = spare }

  /// Gives its storage up when everything was sent; nil if there is none, or bytes are left in it.
  public mutating func releaseStorage() -> ByteBuffer? {
    guard buffer.isEmpty, hasStorage else { return nil }
    defer { buffer = HTTPOutput.emptyBuffer }
    return buffer
  }

  /// Bytes that were not sent.
  public var count: Int { buffer.count }

  public var isEmpty: Bool { buffer.isEmpty }

  /// The bytes to send next. Close the chunk first.
  public var span: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get { buffer.span }
  }

  /// `count` bytes have been sent.
  public mutating func consume(_ count: Int) { buffer.consume(count) }

  public mutating func removeAll() {
    buffer.removeAll()
    openChunk = nil
  }

  public mutating func append(_ head: HTTPResponseHead) { head.write(to: &buffer) }

  public mutating func append(_ bytes: [UInt8]) { buffer.append(bytes) }

  /// Lets `body` append to a body that comes in pieces.
  ///
  /// - Returns: how many bytes were added, framing included.
  public mutating func appendBody(isChunked: Bool, _ body: (inout ByteBuffer) -> Void) -> Int {
    let before = buffer.count
    let opensChunk = isChunked && openChunk == nil
    if opensChunk { buffer.append(HTTPOutput.chunkHead) }
    let start = buffer.count
    body(&buffer)
    guard buffer.count > start else {
      // Nothing was written: an empty chunk would end the body (RFC 9112 section 7.1).
      buffer.removeLast(start - before)
      return 0
    }
    if opensChunk { openChunk = before }
    return buffer.count - before
  }

  /// Fills in the size of the open chunk; nothing if none is open.
  public mutating func closeChunk() {
    guard let start = openChunk else { return }
    openChunk = nil
    let size = buffer.count - start - HTTPOutput.chunkHead.utf8.count
    for digit in 0..<8 { buffer[start + digit] = Ascii.hexDigit(UInt8(size >> (28 - 4 * digit) & 15)) }
    buffer.append("\r\n")
  }

  /// Ends a body that came in pieces.
  public mutating func endBody(isChunked: Bool) {
    closeChunk()
    if isChunked { buffer.append("0\r\n\r\n") }
  }
}
