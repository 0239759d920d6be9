import Bytes

/// The server's side of one HTTP/1.1 connection (RFC 9112), without the socket: bytes and times in, requests and bytes
/// out. It knows the phase, keep-alive, pipelining, interim responses, framing and deadlines.
///
/// The owner of the socket passes on what it reads (`receive`), takes requests (`next`), responds to each before it takes
/// the next one, sends `output` (`didSend`), and calls `expire` when `deadline` has passed. It is never copied: reading a
/// property of a copyable value in a class would copy all of it.
public struct HTTP1Connection: ~Copyable, Sendable {
  public enum Event: Sendable {
    /// A request begins. `accept` or a response follows.
    case head(HTTPRequestHead, HTTPBodyLength)
    /// Bytes of the accepted body were appended. After the last of them a response follows.
    case body(isComplete: Bool)
    /// The request cannot be read. A response follows, the last one of the connection.
    case failure(HTTPProtocolError)
  }

  /// What the owner of the socket has to do next.
  public enum Action: Sendable, Equatable {
    /// Close the socket, whatever is in progress.
    case close
    /// Close the sending half: the last response is out.
    case finishSending
    /// Respond with this error; nothing follows it.
    case refuse(HTTPProtocolError)
    /// Send something harmless, which shows whether the client is still there.
    case probe
    /// The accepted request will never be complete; its client gets what is in `output`.
    case abandon
  }

  // Without payloads but for a number: an enum of large ones costs calls of the runtime with every look at it.
  enum State: Sendable {
    /// Between requests or inside a head, which began at `headBegan`.
    case awaitingHead
    /// The head of `exchange` was delivered; `accept` or a response follows.
    case deciding
    /// The body of `exchange` is being read.
    case receivingBody
    /// A request was answered before its body was read; the rest of the body is read and dropped.
    case droppingBody
    /// `exchange` is being answered; nothing of the response is written.
    case answering
    /// The body of the response is being written.
    case streaming
    /// A response is complete, and more input is there: `proceed` continues, in another turn and when the client has
    /// taken what it was sent.
    case resting
    /// The last response is on its way out. The client's end is awaited; what it still sends is dropped.
    case lingering(dropped: Int)
    /// Another protocol has the connection.
    case upgraded
    case closed
  }

  private let shared: HTTP1Limits.Shared
  var state = State.awaitingHead
  /// The request in progress, from its head to the end of its response.
  var exchange = HTTP1Exchange.unreadable
  /// The time of a head's first byte; nil between requests.
  var headBegan: ContinuousClock.Instant?
  var parser: HTTPRequestParser
  var input = ByteBuffer()
  /// Bytes to send.
  public var output = HTTPOutput()
  /// When `expire` has to be called; nil for never.
  public internal(set) var deadline: ContinuousClock.Instant?
  /// Whether connections close after their current response.
  public var isDraining = false
  /// Whether the socket may have bytes that were not read.
  public var mayHaveMoreInput = false
  /// Whether the client has closed its sending half.
  public internal(set) var hasPeerFinished = false
  var hasFinishedSending = false
  private var wasCongested = false
  private var scratch: [UInt8] = []

  public init(_ shared: HTTP1Limits.Shared, at now: ContinuousClock.Instant) {
    self.shared = shared
    parser = HTTPRequestParser(shared)
    deadline = now + shared.limits.idleTimeout
  }

  var limits: HTTP1Limits { shared.limits }

  // MARK: State

  /// Whether no request is in progress and no part of one has come.
  public var isIdle: Bool { if case .awaitingHead = state { input.isEmpty } else { false } }

  /// Whether a response may be given now.
  public var awaitsResponse: Bool {
    switch state {
    case .deciding, .receivingBody, .answering: true
    case .awaitingHead, .droppingBody, .streaming, .resting, .lingering, .upgraded, .closed: false
    }
  }

  /// Whether the body of an accepted request is being read.
  public var isReceivingBody: Bool { if case .receivingBody = state { true } else { false } }
  /// Whether the rest of an unwanted body is being dropped.
  public var isDroppingBody: Bool { if case .droppingBody = state { true } else { false } }
  public var isStreaming: Bool { if case .streaming = state { true } else { false } }
  public var isResting: Bool { if case .resting = state { true } else { false } }
  public var isLingering: Bool { if case .lingering = state { true } else { false } }
  public var isUpgraded: Bool { if case .upgraded = state { true } else { false } }
  public var isClosed: Bool { if case .closed = state { true } else { false } }

  /// Whether more bytes are wanted from the socket.
  public var wantsInput: Bool {
    switch state {
    case .awaitingHead, .droppingBody, .lingering: true
    case .receivingBody: !exchange.body.isPaused || input.count < limits.pipelinedBytes
    case .deciding, .answering, .streaming, .resting: input.count < limits.pipelinedBytes
    case .upgraded, .closed: false
    }
  }

  // MARK: Input

  /// Takes bytes from the socket.
  ///
  /// - Returns: `.close` if the client sends more than it may after the last response.
  public mutating func receive(_ bytes: Span<UInt8>) -> Action? {
    guard case .lingering(let dropped) = state else {
      input.append(bytes)
      return nil
    }
    guard dropped + bytes.count <= limits.lingerBytes else { return .close }
    state = .lingering(dropped: dropped + bytes.count)
    return nil
  }

  /// The next event in the bytes that have come; nil while more bytes or a response are needed.
  ///
  /// - Parameter body: bytes of an accepted body are appended to it. The caller may empty it between calls.
  public mutating func next(into body: inout [UInt8], at now: ContinuousClock.Instant) -> Event? {
    while true {
      switch state {
      case .awaitingHead: return nextHead(now)
      case .receivingBody: return nextBody(&body, now)
      case .droppingBody: guard dropNext(now) else { return nil }
      case .deciding, .answering, .streaming, .resting, .lingering, .upgraded, .closed: return nil
      }
    }
  }

  private mutating func nextHead(_ now: ContinuousClock.Instant) -> Event? {
    do {
      guard case .head(let head, let length) = try parser.next(&input, body: &scratch) else {
        awaitHead(now)
        return nil
      }
      // A request without a body ends with its head.
      if length == .known(0) { _ = try parser.next(&input, body: &scratch) }
      deadline = nil
      headBegan = nil
      exchange = HTTP1Exchange(head, length, keepsAlive: head.keepsAlive && !isDraining, at: now)
      state = .deciding
      return .head(head, length)
    } catch {
      exchange = .unreadable
      fail()
      return .failure(error)
    }
  }

  private mutating func awaitHead(_ now: ContinuousClock.Instant) {
    if input.isEmpty {
      // Also after an empty line, because only one is skipped.
      headBegan = nil
      deadline = now + limits.idleTimeout
    } else if headBegan == nil {
      // Counted from the first byte, so that a trickle of further ones does not extend it.
      headBegan = now
      deadline = now + limits.headTimeout
    }
  }

  private mutating func nextBody(_ body: inout [UInt8], _ now: ContinuousClock.Instant) -> Event? {
    guard !exchange.body.isPaused else { return nil }
    let before = body.count
    do {
      let isComplete = try parser.next(&input, body: &body) != nil
      try exchange.body.take(body.count - before)
      guard isComplete else {
        deadline = exchange.body.deadline(now, limits)
        return body.count > before ? .body(isComplete: false) : nil
      }
      deadline = nil
      state = .answering
      return .body(isComplete: true)
    } catch {
      fail()
      return .failure(error)
    }
  }

  /// - Returns: whether the next request can be read.
  private mutating func dropNext(_ now: ContinuousClock.Instant) -> Bool {
    defer { scratch.removeAll(keepingCapacity: true) }
    do {
      let isComplete = try parser.next(&input, body: &scratch) != nil
      try exchange.body.take(scratch.count)
      guard isComplete else {
        deadline = exchange.body.deadline(now, limits)
        return false
      }
      if isDraining { linger(now) } else { awaitRequest(now) }
    } catch {
      linger(now)
    }
    return true
  }

  /// The request cannot be read any further: it gets a response, and the connection ends with it.
  mutating func fail() {
    exchange.keepsAlive = false
    deadline = nil
    state = .answering
  }

  // MARK: The body of a request

  /// The request whose head was delivered is wanted. Its body follows, if it has one.
  ///
  /// - Parameters:
  ///   - limit: the longest body, in bytes; a longer one is a failure.
  ///   - isPaused: whether the body is read only after `resumeBody`.
  ///   - now: the current time.
  /// - Returns: whether the request is complete already: it has no body, and a response follows.
  public mutating func accept(limit: Int, isPaused: Bool = false, at now: ContinuousClock.Instant) -> Bool {
    guard case .deciding = state else { return false }
    guard exchange.length != .known(0) else {
      state = .answering
      return true
    }
    exchange.body = HTTP1Body(limit: limit, since: exchange.startedAt)
    parser.bodyLimit = max(limit, limits.http.body)
    if isPaused { exchange.body.pause(now) } else { sendContinue() }
    state = .receivingBody
    return false
  }

  /// A client that expects it is asked for the body, unless the body is coming already (RFC 9110 section 10.1.1).
  private mutating func sendContinue() {
    guard exchange.expectsContinue else { return }
    exchange.expectsContinue = false
    if input.isEmpty { output.append(HTTPResponseHead(100)) }
  }

  /// Stops reading the accepted body, so that the client is slowed down. No time passes for it meanwhile.
  public mutating func pauseBody(at now: ContinuousClock.Instant) {
    guard case .receivingBody = state else { return }
    exchange.body.pause(now)
    deadline = nil
  }

  /// Continues reading the accepted body. `next` may have more of it.
  public mutating func resumeBody(at now: ContinuousClock.Instant) {
    guard case .receivingBody = state else { return }
    exchange.body.resume(now)
    sendContinue()
    deadline = exchange.body.deadline(now, limits)
  }

  // MARK: Congestion

  public var isCongested: Bool { output.count > limits.outputHighWater }

  mutating func noteCongestion() { if isCongested { wasCongested = true } }

  /// Whether the output has drained after congestion.
  mutating func takeDrained() -> Bool {
    guard wasCongested, output.count <= limits.outputLowWater else { return false }
    wasCongested = false
    return true
  }
}
