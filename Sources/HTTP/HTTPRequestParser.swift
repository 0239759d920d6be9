public import Bytes

/// Turns the bytes of a connection into requests, one after the other. No input, no output, no clock: bytes in, events
/// out, and the same events however the bytes are cut.
public struct HTTPRequestParser: Sendable {
  public enum Event: Sendable {
    case head(HTTPRequestHead)
    /// Some bytes of the body. Never empty.
    case body([UInt8])
    /// The request is complete. Ask for the next only when this one has been answered.
    case end
  }

  private enum State: Sendable {
    case head
    case fixedBody(remaining: Int)
    case chunkSize
    case chunkData(remaining: Int)
    case chunkEnd
    case trailers(seen: Int)
    case end
    case failed(HTTPProtocolError)
  }

  private let limits: HTTPLimits
  private var state = State.head
  /// How far the search for the head's end has come, so that a head that trickles in is not searched again and again.
  private var searched = 0
  private var bodyLength = 0

  public init(limits: HTTPLimits) { self.limits = limits }

  /// Whether the next byte would begin a new request.
  public var isBetweenRequests: Bool { if case .head = state { true } else { false } }

  /// Consumes bytes from the front of `input` and returns the next event; nil when more bytes are needed.
  ///
  /// - Throws: when the request breaks the protocol or a limit; every later call throws the same.
  public mutating func next(_ input: inout ByteBuffer) throws(HTTPProtocolError) -> Event? {
    do {
      return try advance(&input)
    } catch {
      state = .failed(error)
      throw error
    }
  }

  private mutating func advance(_ input: inout ByteBuffer) throws(HTTPProtocolError) -> Event? {
    while true {
      switch state {
      case .head:
        return try head(&input)
      case .fixedBody(let remaining):
        guard let part = take(&input, atMost: remaining) else { return nil }
        state = part.count == remaining ? .end : .fixedBody(remaining: remaining - part.count)
        return .body(part)
      case .chunkSize:
        guard let line = try line(&input) else { return nil }
        let size = try chunkSize(line)
        state = size == 0 ? .trailers(seen: 0) : .chunkData(remaining: size)
      case .chunkData(let remaining):
        guard let part = take(&input, atMost: remaining) else { return nil }
        state = part.count == remaining ? .chunkEnd : .chunkData(remaining: remaining - part.count)
        return .body(part)
      case .chunkEnd:
        guard let line = try line(&input) else { return nil }
        guard line.isEmpty else { throw HTTPProtocolError(.badRequest, "a chunk is longer than its size says") }
        state = .chunkSize
      case .trailers(let seen):
        guard let line = try line(&input) else { return nil }
        guard seen + line.count <= limits.chunkLine else {
          throw HTTPProtocolError(.badRequest, "trailer fields too long")
        }
        state = line.isEmpty ? .end : .trailers(seen: seen + line.count)
      case .end:
        state = .head
        return .end
      case .failed(let error):
        throw error
      }
    }
  }

  // MARK: Head

  private mutating func head(_ input: inout ByteBuffer) throws(HTTPProtocolError) -> Event? {
    // RFC 9112 section 2.2: an empty line before a request line is skipped.
    while input.count >= 2, input[0] == Ascii.carriageReturn, input[1] == Ascii.lineFeed {
      input.consume(2)
      searched = 0
    }
    guard let end = try headEnd(input) else { return nil }
    let bytes = input.bytes(in: 0..<end)
    input.consume(end + 2)
    searched = 0
    let head = try HTTPHeadParser(limits: limits).parse(bytes)
    try beginBody(head)
    return .head(head)
  }

  /// The length of the head up to its blank line.
  private mutating func headEnd(_ input: ByteBuffer) throws(HTTPProtocolError) -> Int? {
    let bytes = input.span
    let bound = min(bytes.count, limits.head)
    var index = searched
    while index < bound {
      let byte = bytes[index]
      if byte == Ascii.lineFeed {
        guard index > 0, bytes[index - 1] == Ascii.carriageReturn else {
          throw HTTPProtocolError(.badRequest, "a line ends in LF without CR")
        }
        if index >= 3, bytes[index - 2] == Ascii.lineFeed { return index - 1 }
      } else if index > 0, bytes[index - 1] == Ascii.carriageReturn {
        throw HTTPProtocolError(.badRequest, "CR without LF in the head")
      }
      index += 1
    }
    searched = index
    guard bytes.count < limits.head else { throw overlongHead(bytes) }
    return nil
  }

  private func overlongHead(_ bytes: Span<UInt8>) -> HTTPProtocolError {
    for index in 0..<limits.head where bytes[index] == Ascii.lineFeed {
      return HTTPProtocolError(.headTooLarge, "the request head is longer than \(limits.head) bytes")
    }
    return HTTPProtocolError(.targetTooLong, "the request target is longer than \(limits.target) bytes")
  }

  // RFC 9112 section 6.3. Where two rules could disagree about the body's length, the request is refused.
  private mutating func beginBody(_ head: HTTPRequestHead) throws(HTTPProtocolError) {
    let codings = head.fields.all("transfer-encoding")
    let lengths = head.fields.all("content-length")
    bodyLength = 0
    guard codings.isEmpty else {
      guard lengths.isEmpty, head.version == .http11 else {
        throw HTTPProtocolError(.badRequest, "Transfer-Encoding beside Content-Length, or in HTTP/1.0")
      }
      // In ASCII: the full lower case of a Kelvin sign is a `k`, and a proxy before us would not see `chunked`.
      guard codings.count == 1, codings[0].utf8.map(Ascii.lowercased).elementsEqual("chunked".utf8) else {
        throw HTTPProtocolError(.notImplemented, "the only transfer coding understood is chunked")
      }
      state = .chunkSize
      return
    }
    guard let first = lengths.first else {
      state = .end
      return
    }
    guard lengths.allSatisfy({ $0 == first }), !first.isEmpty, first.utf8.allSatisfy(Ascii.isDigit) else {
      throw HTTPProtocolError(.badRequest, "bad Content-Length")
    }
    guard let length = Int(first), length <= limits.body else { throw bodyTooLarge }
    state = length == 0 ? .end : .fixedBody(remaining: length)
  }

  // MARK: Body

  private var bodyTooLarge: HTTPProtocolError {
    HTTPProtocolError(.contentTooLarge, "the request body is longer than \(limits.body) bytes")
  }

  private func take(_ input: inout ByteBuffer, atMost count: Int) -> [UInt8]? {
    guard !input.isEmpty else { return nil }
    let part = input.bytes(in: 0..<min(count, input.count))
    input.consume(part.count)
    return part
  }

  private mutating func chunkSize(_ line: [UInt8]) throws(HTTPProtocolError) -> Int {
    let digits = line.prefix { $0 != Ascii.semicolon }
    // Sixteen digits and more would overflow; the body limit is far below seven.
    guard (1...15).contains(digits.count) else { throw HTTPProtocolError(.badRequest, "bad chunk size") }
    var size = 0
    for digit in digits {
      guard let value = Ascii.hexValue(digit) else { throw HTTPProtocolError(.badRequest, "bad chunk size") }
      size = size << 4 | Int(value)
    }
    bodyLength += size
    guard bodyLength <= limits.body else { throw bodyTooLarge }
    return size
  }

  /// A line of the chunked framing, without its CRLF.
  private func line(_ input: inout ByteBuffer) throws(HTTPProtocolError) -> [UInt8]? {
    for index in 0..<min(input.count, limits.chunkLine) where input[index] == Ascii.lineFeed {
      guard index > 0, input[index - 1] == Ascii.carriageReturn else {
        throw HTTPProtocolError(.badRequest, "a chunk line ends in LF without CR")
      }
      let line = input.bytes(in: 0..<(index - 1))
      input.consume(index + 1)
      guard !line.contains(where: { $0 < 0x20 && $0 != Ascii.tab }) else {
        throw HTTPProtocolError(.badRequest, "control byte in a chunk line")
      }
      return line
    }
    guard input.count < limits.chunkLine else { throw HTTPProtocolError(.badRequest, "a chunk line is too long") }
    return nil
  }
}
