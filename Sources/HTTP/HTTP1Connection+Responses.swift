public import Bytes

/// Responses and what follows them.
extension HTTP1Connection {
  /// Writes a complete response.
  ///
  /// - Parameters:
  ///   - head: `connection`, `date` and `content-length` are added.
  ///   - bytes: the body.
  ///   - date: the value of `date`.
  ///   - now: the current time.
  /// - Returns: how many bytes of the body were written; nil if no response may be given.
  public mutating func respond(
    _ head: HTTPResponseHead, _ bytes: [UInt8], date: String, at now: ContinuousClock.Instant
  ) -> Int? {
    guard mayRespond(isStreamed: false) else { return nil }
    var head = head
    if !exchange.keepsAlive { head["connection"] = "close" }
    head["date"] = date
    if head.status != .noContent { head["content-length"] = String(bytes.count) }
    output.append(head)
    if !exchange.isHead { output.append(bytes) }
    defer { finish(now) }
    return exchange.isHead ? 0 : bytes.count
  }

  /// Writes the head of a response whose body comes in pieces.
  ///
  /// - Returns: whether `appendBody` and `endBody` follow; false for a HEAD request, whose response is complete. Nil if no
  ///   response may be given.
  public mutating func beginResponse(
    _ head: HTTPResponseHead, date: String, at now: ContinuousClock.Instant
  ) -> Bool? {
    guard mayRespond(isStreamed: true) else { return nil }
    var head = head
    if !exchange.isChunked { exchange.keepsAlive = false }
    if !exchange.keepsAlive { head["connection"] = "close" }
    head["date"] = date
    if exchange.isChunked { head["transfer-encoding"] = "chunked" }
    output.append(head)
    guard !exchange.isHead else {
      finish(now)
      return false
    }
    deadline = nil
    state = .streaming
    return true
  }

  /// Lets `body` append to the response's body.
  ///
  /// - Returns: how many bytes were added, framing included.
  public mutating func appendBody(_ body: (inout ByteBuffer) -> Void) -> Int {
    guard case .streaming = state else { return 0 }
    let added = output.appendBody(isChunked: exchange.isChunked, body)
    if added > 0 { noteCongestion() }
    return added
  }

  /// The response's body is complete.
  public mutating func endBody(at now: ContinuousClock.Instant) {
    guard case .streaming = state else { return }
    output.endBody(isChunked: exchange.isChunked)
    finish(now)
  }

  /// Hands the connection to another protocol (RFC 9110 section 7.8).
  ///
  /// - Parameters:
  ///   - head: of status 101; `connection` is added.
  ///   - request: the head of the request.
  /// - Returns: the bytes that came behind the request; nil if the request did not ask for an upgrade.
  public mutating func upgrade(_ head: HTTPResponseHead, of request: HTTPRequestHead) -> [UInt8]? {
    guard case .answering = state, exchange.length == .known(0), request.asksForUpgrade else { return nil }
    var head = head
    head["connection"] = "upgrade"
    output.append(head)
    state = .upgraded
    deadline = nil
    defer { input.removeAll() }
    return input.bytes
  }

  /// Appends bytes of the other protocol.
  public mutating func appendUpgraded(_ body: (inout ByteBuffer) -> Void) {
    guard case .upgraded = state else { return }
    _ = output.appendBody(isChunked: false, body)
    noteCongestion()
  }

  /// The other protocol has sent everything: the connection ends when the client has it.
  public mutating func endUpgrade(at now: ContinuousClock.Instant) {
    if case .upgraded = state { linger(now) }
  }

  /// Whether a response may be given. The connection ends with it if the rest of the request's body is not worth reading.
  private mutating func mayRespond(isStreamed: Bool) -> Bool {
    guard awaitsResponse else { return false }
    if isDraining || !isWorthReading(isStreamed: isStreamed) { exchange.keepsAlive = false }
    return true
  }

  private func isWorthReading(isStreamed: Bool) -> Bool {
    guard !parser.isBetweenRequests else { return true }
    // A client that waits for 100 sends its body after a final status, or does not: what comes next could be either
    // (RFC 9110 section 10.1.1).
    if exchange.expectsContinue && input.isEmpty { return false }
    guard !isStreamed else { return false }
    guard case .known(let count) = exchange.length else { return true }
    return count - exchange.body.count <= min(limits.unwantedBody, limits.http.body)
  }

  private mutating func finish(_ now: ContinuousClock.Instant) {
    guard exchange.keepsAlive, !hasPeerFinished || !input.isEmpty else { return linger(now) }
    guard parser.isBetweenRequests else {
      exchange.body = HTTP1Body(limit: limits.unwantedBody, since: now)
      state = .droppingBody
      return
    }
    awaitRequest(now)
  }

  mutating func awaitRequest(_ now: ContinuousClock.Instant) {
    deadline = now + limits.idleTimeout
    let hasInput = !input.isEmpty || mayHaveMoreInput || hasPeerFinished
    state = hasInput ? .resting : .awaitingHead
  }

  /// Continues after `resting`, unless the client has yet to take what it was sent: then `takeDrained` says when.
  ///
  /// - Returns: whether `next` may have a request.
  public mutating func proceed() -> Bool {
    guard case .resting = state else { return false }
    guard !isCongested else {
      noteCongestion()
      return false
    }
    state = .awaitingHead
    return true
  }

  // MARK: The end

  // Closing at once would answer what the client still sends with a reset, which can discard the response.
  mutating func linger(_ now: ContinuousClock.Instant) {
    state = .lingering(dropped: 0)
    // For taking the response; `lingerTimeout` counts from when it is out.
    deadline = now + limits.idleTimeout
    input.removeAll()
  }

  /// The accepted body is not wanted any more: a response follows, the last one of the connection.
  public mutating func failBody() {
    switch state {
    case .receivingBody, .answering: fail()
    case .awaitingHead, .deciding, .droppingBody, .streaming, .resting, .lingering, .upgraded, .closed: break
    }
  }

  /// Refuses the connection before anything is read; a response follows.
  public mutating func refuse() {
    exchange = .unreadable
    state = .answering
  }

  /// Closes the connection if no request is in progress.
  public mutating func closeWhenIdle(at now: ContinuousClock.Instant) -> Action? {
    guard isIdle else { return nil }
    guard output.isEmpty else {
      linger(now)
      return nil
    }
    return .close
  }

  /// The socket has no more bytes, for ever.
  public mutating func notePeerFinished() { hasPeerFinished = true }

  /// The client will send no more, and what it sent was processed. It may wait for its response, or be gone.
  public mutating func peerFinished(at now: ContinuousClock.Instant) -> Action? {
    switch state {
    // What is not sent yet is still wanted: a client may finish sending and read on.
    case .awaitingHead, .droppingBody:
      guard !output.isEmpty else { return .close }
      linger(now)
      return nil
    // The rest of a body that is paused may be in the input.
    case .receivingBody where exchange.body.isPaused: return nil
    case .receivingBody:
      guard !output.isEmpty else { return .close }
      linger(now)
      return .abandon
    case .lingering: return output.isEmpty ? .close : nil
    case .answering: return exchange.isChunked && !exchange.wasProbed ? .probe : nil
    case .streaming: return exchange.wasProbed ? nil : .probe
    case .deciding, .resting, .upgraded, .closed: return nil
    }
  }

  /// Probes the client: with an interim response before the response, with `bytes` inside its body.
  ///
  /// - Returns: how many bytes of the body were added.
  public mutating func probe(_ bytes: [UInt8]) -> Int {
    switch state {
    case .answering:
      exchange.wasProbed = true
      output.append(HTTPResponseHead(102))
      return 0
    case .streaming:
      guard !bytes.isEmpty else { return 0 }
      exchange.wasProbed = true
      return appendBody { $0.append(bytes) }
    case .awaitingHead, .deciding, .receivingBody, .droppingBody, .resting, .lingering, .upgraded, .closed: return 0
    }
  }

  /// What follows when output was sent.
  public struct Sent: Sendable {
    /// Whether the output has drained after congestion: sources may continue.
    public let isDrained: Bool
    public let action: Action?
  }

  /// `count` bytes of `output` were sent; 0 if there was nothing to send. A client that takes its response slowly is not
  /// idle.
  public mutating func didSend(_ count: Int, at now: ContinuousClock.Instant) -> Sent {
    output.consume(count)
    if count > 0 || deadline == nil { noteProgress(now) }
    return Sent(isDrained: takeDrained(), action: endLingering(now))
  }

  private mutating func noteProgress(_ now: ContinuousClock.Instant) {
    switch state {
    case .awaitingHead where input.isEmpty, .lingering: deadline = now + limits.idleTimeout
    case .answering, .streaming, .resting:
      // A client that takes nothing must not hold its run, and what is kept for it, for ever.
      deadline = output.isEmpty ? nil : now + limits.stallTimeout
    case .awaitingHead, .deciding, .receivingBody, .droppingBody, .upgraded, .closed: break
    }
  }

  /// The last response is out.
  private mutating func endLingering(_ now: ContinuousClock.Instant) -> Action? {
    guard case .lingering = state, output.isEmpty else { return nil }
    guard !hasPeerFinished else { return .close }
    if !hasFinishedSending { deadline = now + limits.lingerTimeout }
    defer { hasFinishedSending = true }
    return hasFinishedSending ? nil : .finishSending
  }

  /// The deadline may have passed.
  public mutating func expire(at now: ContinuousClock.Instant) -> Action? {
    guard let deadline, deadline <= now else { return nil }
    self.deadline = nil
    switch state {
    case .receivingBody:
      fail()
      return .refuse(HTTPProtocolError(.requestTimeout, "the request body did not arrive in time"))
    case .awaitingHead where !input.isEmpty:
      refuse()
      return .refuse(HTTPProtocolError(.requestTimeout, "the request head did not arrive in time"))
    case .awaitingHead, .deciding, .droppingBody, .answering, .streaming, .resting, .lingering, .upgraded, .closed:
      return .close
    }
  }

  /// The socket is closed.
  public mutating func close() {
    state = .closed
    deadline = nil
    output.removeAll()
    input.removeAll()
  }
}
