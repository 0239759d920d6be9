import Bytes
import EventLoop
import HTTP

/// Responses: a head, and a body that is complete or comes piece by piece.
extension HTTPConnection {
  func send(_ response: HTTPResponse) {
    guard let exchange = exchangeToAnswer, http.awaitsResponse else { return drop(response) }
    exchange.status = response.head.status
    exchange.share?.release()
    server.spareBuffers.lend(to: &http.output)
    switch response.body {
    case .bytes(let bytes):
      exchange.bytes = http.respond(response.head, bytes, date: server.date, at: now) ?? 0
      finish(exchange)
    case .stream(let body):
      guard http.beginResponse(response.head, date: server.date, at: now) == true else {
        body.clientDidLeave()
        return finish(exchange)
      }
      start(body, exchange)
    case .upgrade(let handler): upgrade(response.head, handler, exchange)
    }
  }

  private var exchangeToAnswer: Exchange? {
    switch work {
    case .response(let exchange): return exchange
    case .bodyStream(let exchange, let stream):
      // An early response: the rest of the body is dropped.
      stream.detach()
      return exchange
    case .none, .body, .streaming, .upgraded: return nil
    }
  }

  /// The client left before its response.
  private func drop(_ response: HTTPResponse) {
    switch response.body {
    case .bytes: break
    case .stream(let body): body.clientDidLeave()
    case .upgrade(let handler): handler.didClose()
    }
  }

  private func start(_ body: any StreamingBody, _ exchange: Exchange) {
    let writer = BodyWriter(self, exchange)
    work = .streaming(exchange, body, writer)
    scheduleFlush()
    body.start(writer)
    if http.hasPeerFinished { peerFinished() }
  }

  /// The response is complete.
  private func finish(_ exchange: Exchange) {
    work = .none
    end(exchange, isComplete: true)
    scheduleFlush()
    if http.isResting || http.isDroppingBody { proceedNextTurn() }
    if http.isLingering, http.mayHaveMoreInput { awaitTurn() }
  }

  private func end(_ exchange: Exchange, isComplete: Bool) {
    server.activeRequests -= 1
    exchange.context.end(RequestSummary(status: exchange.status, bytes: exchange.bytes, isComplete: isComplete))
  }

  /// The exchange's client is gone.
  func abandon(_ exchange: Exchange) {
    exchange.context.cancellation.cancel()
    end(exchange, isComplete: false)
  }

  // Not from here: a long pipeline of requests would keep all others waiting.
  func proceedNextTurn() {
    guard !willProceed else { return }
    willProceed = true
    Loop.main.onNextTurn { [self] in
      willProceed = false
      guard http.proceed() || http.isDroppingBody else { return }
      process()
      if http.mayHaveMoreInput || http.hasPeerFinished { receive() }
    }
  }

  // MARK: Streaming bodies

  /// For the writer of the current response; the writer of an ended one is detached.
  func writeBody(of exchange: Exchange, _ body: (inout ByteBuffer) -> Void) {
    server.spareBuffers.lend(to: &http.output)
    let added = http.appendBody(body)
    guard added > 0 else { return }
    exchange.bytes += added
    scheduleFlush()
  }

  func finishBody(from writer: BodyWriter) {
    guard case .streaming(let exchange, _, let current) = work, current === writer else { return }
    writer.detach()
    http.endBody(at: now)
    finish(exchange)
  }

  func abortBody(from writer: BodyWriter) {
    guard case .streaming(_, _, let current) = work, current === writer else { return }
    flush()
    lose()
  }

  // MARK: Upgrade

  private func upgrade(_ head: HTTPResponseHead, _ handler: any UpgradeHandler, _ exchange: Exchange) {
    guard let early = http.upgrade(head, of: exchange.head) else {
      handler.didClose()
      return send(server.response(to: HTTPError.upgradeRequired(head["upgrade"] ?? ""), exchange.context))
    }
    let connection = UpgradedConnection(self)
    work = .upgraded(handler, connection)
    end(exchange, isComplete: true)
    scheduleFlush()
    handler.start(connection)
    if !early.isEmpty { handler.didReceive(early.span) }
    // What came meanwhile is not reported again.
    Loop.main.onNextTurn { [self] in resumeUpgraded() }
  }

  func writeUpgraded(_ body: (inout ByteBuffer) -> Void) {
    guard http.isUpgraded else { return }
    server.spareBuffers.lend(to: &http.output)
    http.appendUpgraded(body)
    scheduleFlush()
  }

  func resumeUpgraded() {
    isUpgradePaused = false
    if http.isUpgraded { receive() }
  }

  func finishUpgraded() {
    guard http.isUpgraded else { return }
    work = .none
    http.endUpgrade(at: now)
    scheduleFlush()
    awaitTurn()
  }
}

extension HTTPError {
  /// 426: the route only speaks another protocol (RFC 9110 section 15.5.22).
  fileprivate static func upgradeRequired(_ name: String) -> HTTPError {
    HTTPError(
      .upgradeRequired, type: "invalid_request_error", code: "upgrade_required",
      message: "This route needs a connection that is upgraded to \(name)",
      headers: [HTTPResponseHead.Field(name: "upgrade", value: name)])
  }
}
