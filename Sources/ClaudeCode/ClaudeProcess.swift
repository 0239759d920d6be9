import Bytes
import EventLoop

/// Hears what a CLI process says.
@Reactor
protocol ClaudeProcessOwner: AnyObject {
  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>)
  /// One read's lines have all been handed over.
  func processDidPause()
  func processDidExit(_ status: ExitStatus)
}

/// A live CLI in its long-lived form: one conversation for life.
@Reactor
final class ClaudeProcess: ChildProcessOwner {
  /// Not weak, though the owner holds the process: a run lets go of both when it ends, and it always ends. Every access to
  /// an object that was ever weakly held takes a slow path, and here that would be several for each event.
  var owner: (any ClaudeProcessOwner)?
  private(set) var standardError = ""
  /// Lines that were no JSON objects; they are skipped.
  private(set) var junkLines = 0
  private var child: ChildProcess?
  private var framer = LineFramer()
  private let onExit: @Reactor (ClaudeProcess) -> Void

  /// The end of standard error is where the reason stands: this much of it, in bytes, is left whenever there is more
  /// than twice as much.
  static let standardErrorTail = 4 * 1024
  /// What carries this variable in its environment was started by us, directly or not.
  private static let markerName = "CLAUDE_CODE_SERVER_PROCESS"

  /// - Parameters:
  ///   - id: unique for each process; marks it and everything it starts.
  ///   - onExit: called when the process is gone and reaped, whoever owns it then.
  init(_ command: ChildCommand, id: String, onExit: @escaping @Reactor (ClaudeProcess) -> Void) throws(SystemCallError)
  {
    self.onExit = onExit
    child = try ChildProcess(command, marker: (ClaudeProcess.markerName, id), owner: self)
  }

  var pid: Int32 { child?.pid ?? 0 }

  func send(_ line: [UInt8]) { child?.write(line) }
  func pauseOutput() { child?.pauseOutput() }
  func resumeOutput() { child?.resumeOutput() }
  func tearDown(_ steps: [ChildTeardown.Step], _ scheduler: any Scheduler) {
    child?.tearDown(steps, scheduler: scheduler)
  }

  func childDidWrite(output: Span<UInt8>) {
    framer.push(output) { take($0) }
    owner?.processDidPause()
  }

  private func take(_ line: Span<UInt8>) {
    guard !line.isEmpty else { return }
    guard line[0] == Ascii.openBrace, let message = StreamMessage(scanning: line) else {
      junkLines += 1
      return
    }
    owner?.processDidEmit(message, in: line)
  }

  func childDidWrite(errors: Span<UInt8>) {
    standardError += errors.text(in: 0..<errors.count)
    if standardError.utf8.count > 2 * ClaudeProcess.standardErrorTail {
      standardError = String(decoding: standardError.utf8.suffix(ClaudeProcess.standardErrorTail), as: UTF8.self)
    }
  }

  func childDidExit(_ status: ExitStatus) {
    framer.finish { take($0) }
    child = nil
    owner?.processDidExit(status)
    onExit(self)
  }
}
