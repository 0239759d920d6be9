import Bytes
import EventLoop
import HTTP

/// Drives an `HTTP1Connection` with a socket and the loop: reads and writes, keeps its deadline, and hands its requests to
/// the server, one at a time.
@Reactor
final class HTTPConnection: DescriptorHandler {
  /// What the server does for the request in progress.
  enum Work {
    case none
    /// Reads the body for the route.
    case body(Exchange, MatchedRoute, IncomingBody)
    /// Passes the body on to the route, which may respond at any time.
    case bodyStream(Exchange, RequestBodyStream)
    /// Waits for the response.
    case response(Exchange)
    /// Writes the response's body.
    case streaming(Exchange, any StreamingBody, BodyWriter)
    case upgraded(any UpgradeHandler, UpgradedConnection)
  }

  let server: HTTPServer
  let peer: String
  var http: HTTP1Connection
  var work = Work.none
  /// What has come of the body in progress: all of one that is kept, the latest bytes of another.
  var incoming: [UInt8] = []
  var isUpgradePaused = false
  /// Whether the next request is taken in the loop's next turn.
  var willProceed = false
  private var channel: Channel?
  private var isInReadQueue = false
  private var isPeerFinishing = false
  private var isFlushScheduled = false

  init(_ descriptor: Int32, peer: String, server: HTTPServer) throws {
    self.server = server
    self.peer = peer
    http = HTTP1Connection(server.connectionLimits, at: server.scheduler.now)
    http.isDraining = server.isDraining
    channel = try Channel(adopting: descriptor, kind: .socket, handler: self)
  }

  var now: ContinuousClock.Instant { server.scheduler.now }

  // MARK: Input

  func descriptorIsReady(_ readiness: Readiness) {
    if readiness.contains(.failed)
      || readiness.isSuperset(of: [.hungUp, .peerFinished]) && http.output.isEmpty && http.isIdle
    {
      return lose()
    }
    if readiness.contains(.writable) { flush() }
    if readiness.contains(.peerFinished) { isPeerFinishing = true }
    if readiness.contains(.readable) || readiness.contains(.peerFinished) { receive() }
  }

  /// Reads once; what is left waits for its turn, so that a client that sends without end does not block the loop.
  func receive() {
    http.mayHaveMoreInput = true
    guard !isInReadQueue else { return }
    receive(reads: 1)
  }

  /// Its turn in the server's `ReadQueue` has come.
  func receiveInTurn() {
    isInReadQueue = false
    http.mayHaveMoreInput = true
    receive(reads: server.limits.readsPerTurn)
  }

  private var wantsInput: Bool { http.isUpgraded ? !isUpgradePaused : http.wantsInput }

  private func receive(reads: Int) {
    var left = reads
    while http.mayHaveMoreInput, wantsInput, let channel {
      guard left > 0 else { return awaitTurn() }
      left -= 1
      var (count, action): (Int, HTTP1Connection.Action?) = (0, nil)
      let outcome = channel.read { bytes in
        count = bytes.count
        if case .upgraded(let handler, _) = work { handler.didReceive(bytes) } else { action = http.receive(bytes) }
      }
      switch outcome {
      case .more: break
      // The end may have come with the last bytes; it is not reported twice, so it has to be read now.
      case .drained: http.mayHaveMoreInput = isPeerFinishing && count > 0
      case .end:
        http.mayHaveMoreInput = false
        http.notePeerFinished()
      case .failed: return lose()
      }
      if let action { return perform(action) }
      process()
    }
    if http.hasPeerFinished { peerFinished() }
  }

  func awaitTurn() {
    guard !isInReadQueue else { return }
    isInReadQueue = true
    server.readQueue.add(self)
  }

  func peerFinished() {
    if case .upgraded = work { return lose() }
    if let action = http.peerFinished(at: now) { perform(action) }
    if http.isLingering { scheduleFlush() }
  }

  // MARK: Output

  var isCongested: Bool { http.isCongested }

  /// What a turn of the loop writes goes out at its end, with one system call.
  func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    Loop.main.atEndOfTurn { [self] in
      isFlushScheduled = false
      flush()
    }
  }

  func flush() {
    http.output.closeChunk()
    var count = 0
    if let channel, !http.output.isEmpty {
      switch channel.write(http.output.span) {
      case .wrote(let written): count = written
      case .failed: return lose()
      }
    }
    let sent = http.didSend(count, at: now)
    if count > 0 { server.spareBuffers.takeBack(from: &http.output) }
    if sent.isDrained { sourceMayContinue() }
    if let action = sent.action { perform(action) }
  }

  // On the next turn: a source that writes at once would keep this one from ending.
  private func sourceMayContinue() {
    Loop.main.onNextTurn { [self] in
      switch work {
      case .streaming(_, let body, _): body.writerDidDrain()
      case .upgraded(let handler, _): handler.didDrain()
      case .none, .body, .bodyStream, .response: if http.isResting { proceedNextTurn() }
      }
    }
  }

  // MARK: The end

  /// The server shuts down.
  func stop() {
    http.isDraining = true
    if case .upgraded(let handler, _) = work { return handler.serverWillStop() }
    if let action = http.closeWhenIdle(at: now) { perform(action) }
    if http.isLingering { scheduleFlush() }
  }

  func checkDeadline() {
    if let action = http.expire(at: now) { perform(action) }
  }

  func perform(_ action: HTTP1Connection.Action) {
    switch action {
    case .close: lose()
    case .finishSending: channel?.finishSending()
    case .refuse(let error): refuse(HTTPError(error))
    case .probe: probe()
    case .abandon: abandonRequest()
    }
  }

  private func probe() {
    switch work {
    case .response:
      _ = http.probe([])
      flush()
    case .streaming(let exchange, let body, _):
      exchange.bytes += http.probe(body.probe)
      scheduleFlush()
    case .none, .body, .bodyStream, .upgraded: break
    }
  }

  /// Closes the connection now.
  func lose() {
    guard !http.isClosed else { return }
    http.close()
    channel?.close()
    channel = nil
    server.connectionClosed(self)
    abandonRequest()
  }

  /// The client of the request in progress is gone.
  private func abandonRequest() {
    let ended = work
    work = .none
    incoming = []
    switch ended {
    case .none: break
    case .body(let exchange, _, _):
      exchange.share?.release()
      abandon(exchange)
    case .bodyStream(let exchange, let stream):
      abandon(exchange)
      stream.fail(.clientLeft)
    case .response(let exchange): abandon(exchange)
    case .streaming(let exchange, let body, let writer):
      writer.detach()
      body.clientDidLeave()
      abandon(exchange)
    case .upgraded(let handler, let connection):
      connection.detach()
      handler.didClose()
    }
  }
}

extension HTTPError {
  /// Never sent.
  fileprivate static let clientLeft = HTTPError(
    .badRequest, type: "invalid_request_error", code: "client_left", message: "The client left")
}
