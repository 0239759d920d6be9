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
  enum Phase {
    /// Between requests, or in the middle of a head.
    case awaitingHead
    /// A request was admitted; its body is read for its route.
    case receivingBody(IncomingBody, Exchange, MatchedRoute)
    /// A request was answered on its head; the rest of it is read and dropped.
    case droppingBody(IncomingBody)
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

  let server: HTTPServer
  let peer: String
  var channel: Channel?
  var parser: HTTPRequestParser
  var phase = Phase.awaitingHead
  var input = ByteBuffer()
  var output = HTTPOutput()
  var deadline: ContinuousClock.Instant?
  var isHeadTimed = false
  var mayHaveMoreInput = false
  private var isInReadQueue = false
  private var isPeerFinishing = false
  var hasPeerFinished = false
  var hasFinishedSending = false
  var isFlushScheduled = false
  var wasCongested = false

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

  var isIdle: Bool { if case .awaitingHead = phase { input.isEmpty } else { false } }

  // MARK: Input

  /// Reads once; what is left waits for its turn, so that a client that sends without end keeps nobody from the loop.
  func receive() {
    mayHaveMoreInput = true
    guard !isInReadQueue else { return }
    receive(reads: 1)
  }

  /// Its turn in the server's `ReadQueue` has come.
  func receiveInTurn() {
    isInReadQueue = false
    mayHaveMoreInput = true
    receive(reads: server.limits.readsPerTurn)
  }

  private func receive(reads: Int) {
    var left = reads
    while mayHaveMoreInput, wantsInput, let channel {
      guard left > 0 else { return awaitTurn() }
      left -= 1
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

  func awaitTurn() {
    guard !isInReadQueue else { return }
    isInReadQueue = true
    server.readQueue.add(self)
  }

  private var wantsInput: Bool {
    switch phase {
    case .awaitingHead, .receivingBody, .droppingBody, .lingering: true
    case .answering, .streaming, .resting: input.count < server.limits.pipelinedBytes
    case .closed: false
    }
  }

  /// The peer will send no more. It may wait for its answer, or be gone: only an answer to what we send tells.
  func peerFinished() {
    switch phase {
    // What is not sent yet is still wanted: a client may finish sending and go on reading.
    case .awaitingHead, .droppingBody: if output.isEmpty { lose() } else { linger() }
    case .receivingBody(_, let exchange, _):
      guard !output.isEmpty else { return lose() }
      abandon(exchange)
      linger()
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
}
