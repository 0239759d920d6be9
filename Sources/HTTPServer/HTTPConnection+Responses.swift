import Bytes
import EventLoop
import HTTP

/// Responses: a head, and a body that is there or comes piece by piece.
extension HTTPConnection {
  func send(_ response: HTTPResponse) {
    guard case .answering(let exchange) = phase else {
      if case .stream(let body) = response.body { body.clientDidLeave() }
      return
    }
    var response = response
    exchange.status = response.head.status
    exchange.share?.release()
    if server.isDraining { exchange.keepsAlive = false }
    switch response.body {
    case .bytes(let bytes):
      if !exchange.keepsAlive { response.head["connection"] = "close" }
      writeHead(&response, bodyLength: bytes.count)
      if !exchange.isHead { output.append(bytes) }
      exchange.bytes = exchange.isHead ? 0 : bytes.count
      finishExchange()
    case .stream(let body):
      if !exchange.isChunked { exchange.keepsAlive = false }
      if !exchange.keepsAlive { response.head["connection"] = "close" }
      writeHead(&response, bodyLength: nil, isChunked: exchange.isChunked)
      if exchange.isHead {
        body.clientDidLeave()
        finishExchange()
      } else {
        start(body, exchange)
      }
    }
  }

  private func start(_ body: any StreamingBody, _ exchange: Exchange) {
    let writer = BodyWriter(self, exchange)
    phase = .streaming(exchange, body, writer)
    scheduleFlush()
    body.start(writer)
    if hasPeerFinished { peerFinished() }
  }

  func writeHead(_ response: inout HTTPResponse, bodyLength: Int?, isChunked: Bool = false) {
    response.head["date"] = server.date
    if isChunked { response.head["transfer-encoding"] = "chunked" }
    if let bodyLength, response.head.status != .noContent { response.head["content-length"] = String(bodyLength) }
    server.spareBuffers.lend(to: &output)
    output.append(response.head)
  }

  private func finishExchange() {
    let exchange: Exchange
    switch phase {
    case .answering(let current): exchange = current
    case .streaming(let current, _, let writer):
      exchange = current
      writer.detach()
    case .awaitingHead, .receivingBody, .droppingBody, .resting, .lingering, .closed: return
    }
    end(exchange, isComplete: true)
    guard exchange.keepsAlive, !hasPeerFinished || !input.isEmpty else { return linger() }
    scheduleFlush()
    guard parser.isBetweenRequests else {
      // Answered on its head. `process` is under way and reads on.
      phase = .droppingBody(
        IncomingBody(
          .chunked, limit: server.limits.unwantedBody, share: nil, startedAt: server.scheduler.now))
      return
    }
    awaitRequest()
  }

  func end(_ exchange: Exchange, isComplete: Bool) {
    server.activeRequests -= 1
    exchange.context.end(RequestSummary(status: exchange.status, bytes: exchange.bytes, isComplete: isComplete))
  }

  /// Its client is gone.
  func abandon(_ exchange: Exchange) {
    exchange.context.cancellation.cancel()
    end(exchange, isComplete: false)
  }

  // MARK: The next request

  func awaitRequest() {
    deadline = server.scheduler.now + server.limits.idleTimeout
    guard input.isEmpty, !mayHaveMoreInput, !hasPeerFinished else { return proceedNextTurn() }
    phase = .awaitingHead
  }

  // Not from here: a long pipeline of requests would keep all others waiting.
  func proceedNextTurn() {
    phase = .resting
    Loop.main.onNextTurn { [self] in
      guard case .resting = phase else { return }
      guard !isCongested else { return wasCongested = true }
      phase = .awaitingHead
      process()
      if mayHaveMoreInput || hasPeerFinished { receive() }
    }
  }

  // MARK: Streaming bodies

  /// For the writer of the answer under way; one whose answer has ended is detached.
  func writeBody(of exchange: Exchange, _ body: (inout ByteBuffer) -> Void) {
    server.spareBuffers.lend(to: &output)
    let added = output.appendBody(isChunked: exchange.isChunked, body)
    guard added > 0 else { return }
    exchange.bytes += added
    // Noted here: the flush may empty the output before anyone looks again, and the source would wait for ever.
    if isCongested { wasCongested = true }
    scheduleFlush()
  }

  func finishBody(from writer: BodyWriter) {
    guard let exchange = streamingExchange(of: writer) else { return }
    output.endBody(isChunked: exchange.isChunked)
    finishExchange()
  }

  func abortBody(from writer: BodyWriter) {
    guard streamingExchange(of: writer) != nil else { return }
    output.closeChunk()
    flush()
    lose()
  }

  /// A writer of an answer that has ended must not write into the next one.
  private func streamingExchange(of writer: BodyWriter) -> Exchange? {
    guard case .streaming(let exchange, _, let current) = phase, current === writer else { return nil }
    return exchange
  }
}
