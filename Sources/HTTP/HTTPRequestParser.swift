public import Bytes

/// Parses the bytes of a connection into requests, one after the other. No input, output or clock: bytes in, events
/// out, and the same events however the bytes are split.
public struct HTTPRequestParser: Sendable {
  public enum Event: Sendable {
    /// A head, and the declared length of its body. A body beyond the limit is refused by the next call.
    case head(HTTPRequestHead, HTTPBodyLength)
    /// The request is complete. Call `next` again only when it was answered.
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

  private let shared: HTTP1Limits.Shared
  private var state = State.head
  /// How far the search for the head's end has come, so that a trickling head is not searched again and again.
  private var searched = 0
  private var hasSkippedLine = false
  /// The declared length of the body, or the sum of its chunks so far.
  private var bodyLength = 0
  /// The longest body of the request that has begun; `HTTPLimits.body` for each new one.
  public var bodyLimit: Int

  init(_ shared: HTTP1Limits.Shared) {
    self.shared = shared
    bodyLimit = shared.limits.http.body
  }

  public init(limits: HTTPLimits) {
    var shared = HTTP1Limits()
    shared.http = limits
    self.init(HTTP1Limits.Shared(shared))
  }

  private var limits: HTTPLimits { shared.limits.http }

  /// Whether the next byte would begin a new request.
  public var isBetweenRequests: Bool { if case .head = state { true } else { false } }

  /// Consumes bytes from the front of `input` and returns the next event; nil when more bytes are needed.
  ///
  /// - Parameter body: bytes of the request's body are appended to it, as many as `input` has. A caller may empty it
  ///   between calls.
  /// - Throws: when the request breaks the protocol or a limit; every later call throws the same.
  public mutating func next(
    _ input: inout ByteBuffer, body: inout [UInt8]
  ) throws(HTTPProtocolError) -> Event? {
    do {
      if case .head = state { return try head(&input) }
      return try rest(&input, &body)
    } catch {
      state = .failed(error)
      throw error
    }
  }

  /// Reads what follows a head. `input` is consumed once for all of it: a chunk can be as short as one byte.
  private mutating func rest(
    _ input: inout ByteBuffer, _ body: inout [UInt8]
  ) throws(HTTPProtocolError) -> Event? {
    var position = 0
    defer { input.consume(position) }
    while true {
      switch state {
      case .fixedBody(let remaining):
        guard bodyLength <= bodyLimit else { throw bodyTooLarge }
        let count = min(remaining, input.count - position)
        guard count > 0 else { return nil }
        input.append(position..<(position + count), to: &body)
        position += count
        state = count == remaining ? .end : .fixedBody(remaining: remaining - count)
      case .chunkSize:
        guard let line = try line(input.span, from: position) else { return nil }
        let size = try chunkSize(input.span, line)
        position = line.upperBound + 2
        state = size == 0 ? .trailers(seen: 0) : .chunkData(remaining: size)
      case .chunkData(let remaining):
        let count = min(remaining, input.count - position)
        guard count > 0 else { return nil }
        input.append(position..<(position + count), to: &body)
        position += count
        state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
      case .chunkEnd:
        guard let line = try line(input.span, from: position) else { return nil }
        guard line.isEmpty else { throw HTTPProtocolError(.badRequest, "a chunk is longer than its size says") }
        position = line.upperBound + 2
        state = .chunkSize
      case .trailers(let seen):
        guard let line = try line(input.span, from: position) else { return nil }
        guard seen + line.count <= limits.chunkLine else {
          throw HTTPProtocolError(.badRequest, "trailer fields too long")
        }
        position = line.upperBound + 2
        state = line.isEmpty ? .end : .trailers(seen: seen + line.count)
      case .head, .end:
        state = .head
        return .end
      case .failed(let error):
        throw error
      }
    }
  }

  // MARK: Head

  private mutating func head(_ input: inout ByteBuffer) throws(HTTPProtocolError) -> Event? {
    // RFC 9112 section 2.2: an empty line before a request line is skipped. Only one: some clients send it after a
    // body.
    while input.count >= 2, input[0] == Ascii.carriageReturn, input[1] == Ascii.lineFeed {
      guard !hasSkippedLine else { throw HTTPProtocolError(.badRequest, "more than one empty line before a request") }
      hasSkippedLine = true
      input.consume(2)
      searched = 0
    }
    guard let end = try headEnd(input) else { return nil }
    let bytes = input.bytes(in: 0..<end)
    input.consume(end + 2)
    searched = 0
    hasSkippedLine = false
    let head = try HTTPHeadParser(limits: limits).parse(bytes)
    let length = try HTTPBodyLength(head)
    begin(length)
    return .head(head, length)
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

  // MARK: Body

  private mutating func begin(_ length: HTTPBodyLength) {
    bodyLimit = limits.body
    bodyLength = 0
    switch length {
    case .known(0): state = .end
    case .known(let count):
      bodyLength = count
      state = .fixedBody(remaining: count)
    case .chunked: state = .chunkSize
    }
  }

  private var bodyTooLarge: HTTPProtocolError {
    HTTPProtocolError(.contentTooLarge, "the request body is longer than \(bodyLimit) bytes")
  }

  private mutating func chunkSize(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(HTTPProtocolError) -> Int {
    var size = 0
    var digits = 0
    for index in line {
      let byte = bytes[index]
      if byte == Ascii.semicolon { break }
      digits += 1
      // Sixteen digits and more would overflow; the body limit is far below seven.
      guard digits <= 15, let value = Ascii.hexValue(byte) else {
        throw HTTPProtocolError(.badRequest, "bad chunk size")
      }
      size = size << 4 | Int(value)
    }
    guard digits > 0 else { throw HTTPProtocolError(.badRequest, "bad chunk size") }
    bodyLength += size
    guard bodyLength <= bodyLimit else { throw bodyTooLarge }
    return size
  }

  /// The range of a line of the chunked framing that begins at `start`, without its CRLF; nil if it is incomplete.
  private func line(_ bytes: Span<UInt8>, from start: Int) throws(HTTPProtocolError) -> Range<Int>? {
    for index in start..<min(bytes.count, start + limits.chunkLine) where bytes[index] == Ascii.lineFeed {
      guard index > start, bytes[index - 1] == Ascii.carriageReturn else {
        throw HTTPProtocolError(.badRequest, "a chunk line ends in LF without CR")
      }
      let line = start..<(index - 1)
      for index in line where bytes[index] < 0x20 && bytes[index] != Ascii.tab {
        throw HTTPProtocolError(.badRequest, "control byte in a chunk line")
      }
      return line
    }
    guard bytes.count - start < limits.chunkLine else {
      throw HTTPProtocolError(.badRequest, "a chunk line is too long")
    }
    return nil
  }
}
