import Bytes
import EventLoop
import HTTP
import Telemetry

/// Requests: their heads are decided on at once, their bodies are read for the routes that take them.
extension HTTPConnection {
  /// Takes requests until more input is needed, or one has to be answered before the next.
  func process() {
    let now = self.now
    while let event = http.next(into: &incoming, at: now) {
      switch event {
      case .head(let head, let length): begin(head, length)
      case .body(let isComplete): receivedBody(isComplete: isComplete)
      case .failure(let error): refuse(HTTPError(error))
      }
    }
    didProcess()
  }

  private func didProcess() {
    if !http.output.isEmpty || http.isLingering { scheduleFlush() }
    if http.isResting { proceedNextTurn() }
    if http.isLingering, http.mayHaveMoreInput { awaitTurn() }
  }

  /// Middleware and router see the head; what they refuse is answered before its body is read, or asked for.
  private func begin(_ head: HTTPRequestHead, _ length: HTTPBodyLength) {
    let context = RequestContext(peer: peer, logger: server.logger, startedAt: now)
    let exchange = Exchange(head, context)
    server.activeRequests += 1
    switch server.admit(head, length, context) {
    case .response(let response):
      work = .response(exchange)
      send(response)
    case .route(let route): begin(exchange, length, route)
    }
  }

  private func begin(_ exchange: Exchange, _ length: HTTPBodyLength, _ route: MatchedRoute) {
    let limit = route.body.limit(server.limits)
    if route.body.isStreamed {
      let stream = RequestBodyStream(self)
      let isComplete = http.accept(limit: limit, isPaused: true, at: now)
      work = .bodyStream(exchange, stream)
      respond(HTTPRequest(head: exchange.head, body: RequestBody(stream)), exchange, route)
      if isComplete { endStreamedBody() }
    } else if http.accept(limit: limit, at: now) {
      work = .response(exchange)
      respond(HTTPRequest(head: exchange.head, body: .empty), exchange, route)
    } else {
      if route.body.isHeld { exchange.share = BodyShare(server.bodies, account: exchange.context.account) }
      work = .body(exchange, route, IncomingBody(length, limit: limit, share: exchange.share))
    }
  }

  private func receivedBody(isComplete: Bool) {
    switch work {
    case .body(let exchange, let route, let body):
      do throws(HTTPError) {
        try body.didGrow(&incoming)
      } catch {
        http.failBody()
        return refuse(error)
      }
      guard isComplete else { return }
      let complete = RequestBody(incoming)
      incoming = []
      work = .response(exchange)
      respond(HTTPRequest(head: exchange.head, body: complete), exchange, route)
    case .bodyStream(_, let stream):
      let bytes = incoming
      incoming.removeAll(keepingCapacity: true)
      if !bytes.isEmpty { stream.receive(bytes.span) }
      if isComplete { endStreamedBody() }
    case .none, .response, .streaming, .upgraded: break
    }
  }

  private func endStreamedBody() {
    guard case .bodyStream(let exchange, let stream) = work else { return }
    work = .response(exchange)
    stream.end()
  }

  private func respond(_ request: HTTPRequest, _ exchange: Exchange, _ route: MatchedRoute) {
    server.respond(to: request, by: route, exchange.context) { [self] response in
      // Only now: the body may be in memory until the route is done, even if the client is gone.
      exchange.share?.release()
      send(response)
    }
  }

  // MARK: Streamed bodies

  func pauseBody(of stream: RequestBodyStream) {
    guard case .bodyStream(_, let current) = work, current === stream else { return }
    http.pauseBody(at: now)
  }

  func resumeBody(of stream: RequestBodyStream) {
    guard case .bodyStream(_, let current) = work, current === stream else { return }
    http.resumeBody(at: now)
    scheduleFlush()
    // Not from here: the reader may be in the middle of something.
    Loop.main.onNextTurn { [self] in
      guard http.isReceivingBody else { return }
      process()
      if http.mayHaveMoreInput || http.hasPeerFinished { receive() }
    }
  }

  // MARK: Refusals

  /// A request that cannot be read any further: it gets a response, and the connection ends with it.
  func refuse(_ error: HTTPError) {
    incoming = []
    switch work {
    case .body(let exchange, _, _), .response(let exchange):
      log(error, exchange.context.logger)
      work = .response(exchange)
      send(server.response(to: error, exchange.context))
    case .bodyStream(let exchange, let stream):
      log(error, exchange.context.logger)
      work = .response(exchange)
      stream.fail(error)
      send(server.response(to: error, exchange.context))
    case .none:
      log(error, server.logger)
      sendLast(error)
    case .streaming, .upgraded: break
    }
  }

  private func log(_ error: HTTPError, _ logger: Logger) {
    logger.info(
      "request refused",
      ["peer": .string(peer), "status": JSONValue(error.status.rawValue), "reason": .string(error.message)])
  }

  /// Over the connection limit: refused at once, before anything is read.
  func refuseConnection() {
    http.refuse()
    sendLast(
      HTTPError(
        .serviceUnavailable, type: "server_error", code: "overloaded",
        message: "Too many connections (limit \(server.limits.connections))",
        headers: [HTTPResponseHead.Field(name: "retry-after", value: "1")]))
  }

  /// Responds to a request that has no context.
  private func sendLast(_ error: HTTPError) {
    let response = error.response
    guard case .bytes(let bytes) = response.body else { return lose() }
    server.spareBuffers.lend(to: &http.output)
    _ = http.respond(response.head, bytes, date: server.date, at: now)
    scheduleFlush()
  }
}
