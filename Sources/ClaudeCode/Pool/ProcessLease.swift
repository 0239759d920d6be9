import Bytes
import EventLoop

/// A process between two owners. None of its output is lost: it stays in the pipe, and what is read nevertheless, such
/// as the rest at its exit, is kept for the next owner.
@Reactor
final class ProcessLease {
  let process: ClaudeProcess
  private var events: [@Reactor (any ClaudeProcessOwner) -> Void] = []

  init(_ process: ClaudeProcess) {
    self.process = process
    process.owner = self
    process.pauseOutput()
  }

  /// Hands the process over. To be called once.
  func end(_ owner: any ClaudeProcessOwner) {
    process.owner = owner
    for event in events { event(owner) }
    events = []
    process.resumeOutput()
  }
}

extension ProcessLease: ClaudeProcessOwner {
  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    let bytes = line.bytes(in: 0..<line.count)
    events.append { $0.processDidEmit(message, in: bytes.span) }
  }

  func processDidCall(_ call: FunctionCall) { events.append { $0.processDidCall(call) } }

  // The next owner checks `hasClosedOutput`.
  func processDidCloseOutput() {}

  func processDidExit(_ status: ExitStatus) { events.append { $0.processDidExit(status) } }
}
