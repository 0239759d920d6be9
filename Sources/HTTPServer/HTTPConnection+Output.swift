import Bytes
import EventLoop
import HTTP

/// What is written in a turn of the loop goes out at its end, with one system call.
extension HTTPConnection {
  var isCongested: Bool { output.count > server.limits.outputHighWater }

  func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    Loop.main.atEndOfTurn { [self] in
      isFlushScheduled = false
      flush()
    }
  }

  func flush() {
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
    case .awaitingHead where isIdle, .lingering: deadline = server.scheduler.now + server.limits.idleTimeout
    case .answering, .streaming, .resting:
      // A client that takes nothing must not hold its run, and what is kept for it, for ever.
      deadline = output.isEmpty ? nil : server.scheduler.now + server.limits.stallTimeout
    case .awaitingHead, .receivingBody, .droppingBody, .closed: break
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
        case .awaitingHead, .receivingBody, .droppingBody, .answering, .lingering, .closed: break
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
}
