import Bytes
import EventLoop
import HTTP
import Telemetry

/// One client connection: bytes in through the parser, one request at a time to the server, bytes out.
///
/// Requests that come early wait in the input buffer; reading stops when it holds enough of them. A client that closes
/// its sending half still gets its answer; whether it is still there at all is asked by sending it something harmless.
@Reactor
final class HTTPConnection: DescriptorHandler {
  private enum Phase {
    /// Waiting for a request, or in the middle of one.
    case receiving(Incoming)
    /// A request is being answered; nothing of the answer has been sent.
    case answering(Exchange)
    /// The answer's body is being written.
    case streaming(Exchange, any StreamingBody, BodyWriter)
    /// An answer is complete, and more requests are there already: the next one has to wait for others' turn, and for
    /// the client to take what it was sent.
    case resting
    /// The last answer is on its way out; the client's end is awaited, what it still sends is thrown away.
    case lingering(dropped: Int)
    case closed
  }

  private struct Incoming {
    var head: HTTPRequestHead?
    var body: [UInt8] = []
  }

  private let server: HTTPServer
  private let peer: String
  private var channel: Channel?
  private var parser: HTTPRequestParser
  private var phase = Phase.receiving(Incoming())
  private var input = ByteBuffer()
  private var output = HTTPOutput()
  private var deadline: ContinuousClock.Instant?
  private var mayHaveMoreInput = false
  private var isReceiveScheduled = false
  private var isPeerFinishing = false
  private var hasPeerFinished = false
  private var hasFinishedSending = false
  private var isFlushScheduled = false
  private var wasCongested = false

  init(_ descriptor: Int32, peer: String, server: HTTPServer) throws {
    self.server = server
    self.peer = peer
    parser = HTTPRequestParser(limits: server.limits.http)
    channel = try Channel(adopting: descriptor, kind: .socket, handler: self)
    deadline = server.scheduler.now + server.limits.idleTimeout
  }

  // MARK: Readiness

  func descriptorIsReady(_ readiness: Readiness) {
    if readiness.contains(.failed) || readiness.isSuperset(of: [.hungUp, .peerFinished]) && output.isEmpty && isIdle {
      return lose()
    }
    if readiness.contains(.writable) { flush() }
    if readiness.contains(.peerFinished) { isPeerFinishing = true }
    if readiness.contains(.readable) || readiness.contains(.peerFinished) { receive() }
  }

  private var isIdle: Bool {
    if case .receiving(let incoming) = phase { incoming.head == nil && input.isEmpty } else { false }
  }

  private func receive() {
    mayHaveMoreInput = true
    // Its turn will come: a second one in the same turn of the loop would double what it may read.
    guard !isReceiveScheduled else { return }
    var reads = 0
    while mayHaveMoreInput, wantsInput, let channel {
      guard reads < server.limits.readsPerTurn else { return receiveNextTurn() }
      reads += 1
      var count = 0
      let outcome = channel.read { bytes in
        count = bytes.count
        if case .lingering = phase { return }
        input.append(bytes)
      }
      switch outcome {
      case .more: break
      // The end may have come with the last bytes; it is not reported twice, so it has to be read now.
      case .drained: mayHaveMoreInput = isPeerFinishing && count > 0
      case .end:
        mayHaveMoreInput = false
        hasPeerFinished = true
      case .failed: return lose()
      }
      if case .lingering(let dropped) = phase { drop(count, after: dropped) } else { process() }
    }
    if hasPeerFinished { peerFinished() }
  }

  /// A client that sends without end must not keep the loop from others.
  private func receiveNextTurn() {
    isReceiveScheduled = true
    Loop.main.onNextTurn { [self] in
      isReceiveScheduled = false
      receive()
    }
  }

  private func drop(_ count: Int, after dropped: Int) {
    guard dropped + count <= server.limits.lingerBytes else { return lose() }
    phase = .lingering(dropped: dropped + count)
  }

  private var wantsInput: Bool {
    switch phase {
    case .receiving, .lingering: true
    case .answering, .streaming, .resting: input.count < server.limits.pipelinedBytes
    case .closed: false
    }
  }

  /// The peer will send no more. It may wait for its answer, or be gone: only an answer to what we send tells.
  private func peerFinished() {
    switch phase {
    // What is not sent yet is still wanted: a client may finish sending and go on reading.
    case .receiving: if output.isEmpty { lose() } else { linger() }
    case .lingering: if output.isEmpty { lose() }
    case .answering(let exchange):
      guard exchange.head.version == .http11, exchange.takeProbe() else { return }
      output.append(HTTPResponseHead(102))
      flush()
    case .streaming(let exchange, let body, _):
      let probe = body.probe
      guard !probe.isEmpty, exchange.takeProbe() else { return }
      writeBody(of: exchange) { $0.append(probe) }
    case .resting, .closed: break
    }
  }

  // MARK: Requests

  private func process() {
    while case .receiving(var incoming) = phase {
      do {
        // Taken out of the phase first: a second reference would copy the whole body with every part.
        phase = .receiving(Incoming())
        let event = try parser.next(&input, body: &incoming.body)
        phase = .receiving(incoming)
        switch event {
        case nil: return awaitInput(incoming)
        case .head(let head, let length):
          incoming.head = head
          if case .known(let count) = length, count > server.limits.http.body { break }
          if head.expectsContinue && input.isEmpty { sendContinue() }
          phase = .receiving(incoming)
        case .end:
          guard let head = incoming.head else { return lose() }
          answer(HTTPRequest(head: head, body: incoming.body))
        }
      } catch {
        return reject(error)
      }
    }
  }

  private func awaitInput(_ incoming: Incoming) {
    let limits = server.limits
    let now = server.scheduler.now
    if incoming.head != nil {
      deadline = now + limits.bodyTimeout
    } else if input.isEmpty {
      // Also after an empty line, for one is all that is skipped.
      isHeadTimed = false
      deadline = now + limits.idleTimeout
    } else if !isHeadTimed {
      // Counted from the first byte, so that a trickle of further ones does not extend it.
      isHeadTimed = true
      deadline = now + limits.headTimeout
    }
  }

  private var isHeadTimed = false

  private func sendContinue() {
    output.append(HTTPResponseHead(100))
    scheduleFlush()
  }

  private func answer(_ request: HTTPRequest) {
    deadline = nil
    isHeadTimed = false
    let context = RequestContext(peer: peer, logger: server.logger, startedAt: server.scheduler.now)
    let keepsAlive = request.head.keepsAlive && !server.isDraining
    phase = .answering(Exchange(request.head, context, keepsAlive: keepsAlive))
    server.activeRequests += 1
    server.respond(to: request, context) { [self] in send($0) }
  }

  /// A request that cannot be read: it gets an answer, and the connection ends with it.
  private func reject(_ error: HTTPProtocolError) {
    server.logger.info(
      "request refused",
      ["peer": .string(peer), "status": JSONValue(error.status.rawValue), "reason": .string(error.message)])
    sendLast(HTTPError(error))
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

  // MARK: Answers

  private func send(_ response: HTTPResponse) {
    guard case .answering(let exchange) = phase else {
      if case .stream(let body) = response.body { body.clientDidLeave() }
      return
    }
    var response = response
    exchange.status = response.head.status
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
        let writer = BodyWriter(self, exchange)
        phase = .streaming(exchange, body, writer)
        scheduleFlush()
        body.start(writer)
        if hasPeerFinished { peerFinished() }
      }
    }
  }

  private func writeHead(_ response: inout HTTPResponse, bodyLength: Int?, isChunked: Bool = false) {
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
    case .receiving, .resting, .lingering, .closed: return
    }
    end(exchange, isComplete: true)
    guard exchange.keepsAlive, !hasPeerFinished || !input.isEmpty else { return linger() }
    deadline = server.scheduler.now + server.limits.idleTimeout
    scheduleFlush()
    guard input.isEmpty, !mayHaveMoreInput, !hasPeerFinished else { return proceedNextTurn() }
    phase = .receiving(Incoming())
  }

  // Not from here: a long pipeline of requests would keep all others waiting.
  private func proceedNextTurn() {
    phase = .resting
    Loop.main.onNextTurn { [self] in
      guard case .resting = phase else { return }
      guard !isCongested else { return wasCongested = true }
      phase = .receiving(Incoming())
      process()
      if mayHaveMoreInput || hasPeerFinished { receive() }
    }
  }

  private func end(_ exchange: Exchange, isComplete: Bool) {
    server.activeRequests -= 1
    exchange.context.end(RequestSummary(status: exchange.status, bytes: exchange.bytes, isComplete: isComplete))
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

  var isCongested: Bool { output.count > server.limits.outputHighWater }

  // MARK: Output

  private func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    Loop.main.atEndOfTurn { [self] in
      isFlushScheduled = false
      flush()
    }
  }

  private func flush() {
    output.closeChunk()
    guard let channel, !output.isEmpty else { return afterFlush() }
    switch channel.write(output.span) {
    case .wrote(let count):
      output.consume(count)
      server.spareBuffers.takeBack(from: &output)
      if count > 0 || deadline == nil { noteProgress() }
    case .failed: return lose()
    }
    afterFlush()
  }

  // A client that takes its answer slowly is not idle.
  private func noteProgress() {
    switch phase {
    case .receiving where isIdle, .lingering: deadline = server.scheduler.now + server.limits.idleTimeout
    case .answering, .streaming, .resting:
      // A client that takes nothing must not hold its run, and what is kept for it, for ever.
      deadline = output.isEmpty ? nil : server.scheduler.now + server.limits.stallTimeout
    case .receiving, .closed: break
    }
  }

  private func afterFlush() {
    if wasCongested && output.count <= server.limits.outputLowWater {
      wasCongested = false
      // On the next turn: a source that writes at once would keep this one from ending.
      Loop.main.onNextTurn { [self] in
        switch phase {
        case .streaming(_, let body, _): body.writerDidDrain()
        case .resting: proceedNextTurn()
        case .receiving, .answering, .lingering, .closed: break
        }
      }
    }
    if case .lingering = phase, output.isEmpty {
      if !hasFinishedSending { deadline = server.scheduler.now + server.limits.lingerTimeout }
      hasFinishedSending = true
      channel?.finishSending()
      if hasPeerFinished { lose() }
    }
  }

  // MARK: End

  func closeWhenIdle() {
    guard isIdle else { return }
    if output.isEmpty { lose() } else { linger() }
  }

  // Closing at once would discard what the client still sends with a reset, and the reset can discard our answer.
  private func linger() {
    phase = .lingering(dropped: 0)
    // For taking the answer; `lingerTimeout` counts from when it is out.
    deadline = server.scheduler.now + server.limits.idleTimeout
    input.removeAll()
    scheduleFlush()
    if mayHaveMoreInput, !isReceiveScheduled { receiveNextTurn() }
  }

  func checkDeadline(_ now: ContinuousClock.Instant) {
    guard let deadline, deadline <= now else { return }
    self.deadline = nil
    switch phase {
    case .receiving(let incoming) where incoming.head != nil:
      reject(HTTPProtocolError(.requestTimeout, "the request body did not come in time"))
    case .receiving where !input.isEmpty:
      reject(HTTPProtocolError(.requestTimeout, "the request head did not come in time"))
    default: lose()
    }
  }

  /// Closes the connection now; an answer under way is told.
  func lose() {
    let ended = phase
    if case .closed = ended { return }
    phase = .closed
    channel?.close()
    channel = nil
    output.removeAll()
    input.removeAll()
    server.connectionClosed(self)
    switch ended {
    case .answering(let exchange):
      exchange.context.departure.cancel()
      end(exchange, isComplete: false)
    case .streaming(let exchange, let body, let writer):
      writer.detach()
      body.clientDidLeave()
      exchange.context.departure.cancel()
      end(exchange, isComplete: false)
    case .receiving, .resting, .lingering, .closed: break
    }
  }
}
