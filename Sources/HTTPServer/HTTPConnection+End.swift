import EventLoop
import Bytes
import HTTP

/// The end of a connection: by its deadline, by its client, or after its last answer.
extension HTTPConnection {
  func closeWhenIdle() {
    guard isIdle else { return }
    if output.isEmpty { lose() } else { linger() }
  }

  // Closing at once would discard what the client still sends with a reset, and the reset can discard our answer.
  func linger() {
    phase = .lingering(dropped: 0)
    // For taking the answer; `lingerTimeout` counts from when it is out.
    deadline = server.scheduler.now + server.limits.idleTimeout
    input.removeAll()
    scheduleFlush()
    if mayHaveMoreInput { awaitTurn() }
  }

  /// Bytes that came while lingering.
  func drop(_ count: Int, after dropped: Int) {
    guard dropped + count <= server.limits.lingerBytes else { return lose() }
    phase = .lingering(dropped: dropped + count)
  }

  func checkDeadline(_ now: ContinuousClock.Instant) {
    guard let deadline, deadline <= now else { return }
    self.deadline = nil
    switch phase {
    case .receivingBody: refuse(.timedOut("the request body did not arrive in time"))
    case .awaitingHead where !input.isEmpty: refuse(.timedOut("the request head did not arrive in time"))
    case .awaitingHead, .droppingBody, .answering, .streaming, .resting, .lingering, .closed: lose()
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
    case .receivingBody(_, let exchange, _):
      exchange.share?.release()
      abandon(exchange)
    case .answering(let exchange): abandon(exchange)
    case .streaming(let exchange, let body, let writer):
      writer.detach()
      body.clientDidLeave()
      abandon(exchange)
    case .awaitingHead, .droppingBody, .resting, .lingering, .closed: break
    }
  }
}

extension HTTPError {
  fileprivate static func timedOut(_ message: String) -> HTTPError {
    HTTPError(HTTPProtocolError(.requestTimeout, message))
  }
}
