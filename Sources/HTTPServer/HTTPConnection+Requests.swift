import EventLoop
import Bytes
import HTTP
import Telemetry

/// From bytes to requests: heads are decided on at once, bodies are read for the routes that take them.
extension HTTPConnection {
  /// Reads the input until it ends, or a request has to be answered before the next.
  func process() {
    do {
      while true {
        switch phase {
        case .awaitingHead:
          guard let (head, length) = try nextHead() else { return awaitHead() }
          begin(head, length)
        case .receivingBody(let body, let exchange, let route):
          guard try body.read(&input, &parser) else { return wait(for: body) }
          respond(HTTPRequest(head: exchange.head, body: body.take()), exchange, route)
        case .droppingBody(let body):
          guard try body.read(&input, &parser) else { return wait(for: body) }
          if server.isDraining { linger() } else { awaitRequest() }
        case .answering, .streaming, .resting, .lingering, .closed: return
        }
      }
    } catch {
      refuse(error)
    }
  }

  private func nextHead() throws(HTTPError) -> (HTTPRequestHead, HTTPBodyLength)? {
    var body: [UInt8] = []
    do throws(HTTPProtocolError) {
      guard case .head(let head, let length) = try parser.next(&input, body: &body) else { return nil }
      // A request without a body has ended with its head.
      if length == .known(0) { _ = try parser.next(&input, body: &body) }
      return (head, length)
    } catch {
      throw HTTPError(error)
    }
  }

  private func awaitHead() {
    let now = server.scheduler.now
    if input.isEmpty {
      // Also after an empty line, for one is all that is skipped.
      isHeadTimed = false
      deadline = now + server.limits.idleTimeout
    } else if !isHeadTimed {
      // Counted from the first byte, so that a trickle of further ones does not extend it.
      isHeadTimed = true
      deadline = now + server.limits.headTimeout
    }
  }

  private func wait(for body: IncomingBody) { deadline = body.deadline(server.scheduler.now, server.limits) }

  /// Middleware and router see the head; what they refuse is answered before its body is read, or asked for.
  private func begin(_ head: HTTPRequestHead, _ length: HTTPBodyLength) {
    deadline = nil
    isHeadTimed = false
    let context = RequestContext(peer: peer, logger: server.logger, startedAt: server.scheduler.now)
    let exchange = Exchange(head, context, keepsAlive: head.keepsAlive && !server.isDraining)
    server.activeRequests += 1
    switch server.admit(head, length, context) {
    case .response(let response):
      if !isWorthReading(length, of: head, beside: response) { exchange.keepsAlive = false }
      phase = .answering(exchange)
      send(response)
    case .route(let route):
      guard length != .known(0) else { return respond(HTTPRequest(head: head, body: .empty), exchange, route) }
      if route.body != .none { exchange.share = BodyShare(server.bodies, account: context.account) }
      let body = IncomingBody(
        length, limit: route.body.limit(server.limits), share: exchange.share, startedAt: context.startedAt)
      phase = .receivingBody(body, exchange, route)
      if head.expectsContinue && input.isEmpty { sendContinue() }
    }
  }

  /// Whether the body of a request that was answered on its head is read, so that the connection can serve another one.
  private func isWorthReading(_ length: HTTPBodyLength, of head: HTTPRequestHead, beside response: HTTPResponse) -> Bool
  {
    guard length != .known(0) else { return true }
    // A client that waits for 100 sends its body after a final status, or does not: what comes next could be either
    // (RFC 9110 section 10.1.1).
    if head.expectsContinue && input.isEmpty { return false }
    guard case .bytes = response.body else { return false }
    if case .known(let count) = length { return count <= min(server.limits.unwantedBody, server.limits.http.body) }
    return true
  }

  private func sendContinue() {
    output.append(HTTPResponseHead(100))
    scheduleFlush()
  }

  private func respond(_ request: HTTPRequest, _ exchange: Exchange, _ route: MatchedRoute) {
    deadline = nil
    phase = .answering(exchange)
    server.respond(to: request, by: route, exchange.context) { [self] response in
      // Only now: what became of the body is in memory also when the client is gone.
      exchange.share?.release()
      send(response)
    }
  }

  // MARK: Refusals

  /// A request that cannot be read on: it gets an answer, and the connection ends with it.
  func refuse(_ error: HTTPError) {
    switch phase {
    case .awaitingHead:
      log(error, server.logger)
      sendLast(error)
    case .receivingBody(_, let exchange, _):
      log(error, exchange.context.logger)
      exchange.keepsAlive = false
      phase = .answering(exchange)
      send(server.response(to: error, exchange.context))
    case .droppingBody: linger()
    case .answering, .streaming, .resting, .lingering, .closed: break
    }
  }

  private func log(_ error: HTTPError, _ logger: Logger) {
    logger.info(
      "request refused",
      ["peer": .string(peer), "status": JSONValue(error.status.rawValue), "reason": .string(error.message)])
  }

  /// Over the connection limit: said at once, before anything is read.
  func refuse() {
    sendLast(
      HTTPError(
        .serviceUnavailable, type: "server_error", code: "overloaded",
        message: "Too many connections (limit \(server.limits.connections))",
        headers: [HTTPResponseHead.Field(name: "retry-after", value: "1")]))
  }

  private func sendLast(_ error: HTTPError) {
    var response = error.response
    response.head["connection"] = "close"
    guard case .bytes(let bytes) = response.body else { return lose() }
    writeHead(&response, bodyLength: bytes.count)
    output.append(bytes)
    linger()
  }
}
