import Bytes
import EventLoop
import TestSupport
import Testing

/// Remembers what a child wrote and how it ended, and lets a test wait for both.
@Reactor
final class ChildRecorder: ChildProcessOwner {
  private(set) var output: [UInt8] = []
  private(set) var errors: [UInt8] = []
  private(set) var exits: [EventLoop.ExitStatus] = []
  /// How many exits there had been at each end of output.
  private(set) var ends: [Int] = []
  var onOutput: (@Reactor () -> Void)?
  private var waiting: [(condition: @Reactor () -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

  nonisolated init() {}

  var outputText: String { String(decoding: output, as: UTF8.self) }
  var errorText: String { String(decoding: errors, as: UTF8.self) }
  var lines: [String] { outputText.split(separator: "\n").map(String.init) }

  func childDidWrite(output: Span<UInt8>) {
    self.output += output.bytes(in: 0..<output.count)
    onOutput?()
    check()
  }

  func childDidWrite(errors: Span<UInt8>) {
    self.errors += errors.bytes(in: 0..<errors.count)
    check()
  }

  func childDidCloseOutput() {
    ends.append(exits.count)
    check()
  }

  func childDidExit(_ status: EventLoop.ExitStatus) {
    exits.append(status)
    check()
  }

  /// Returns when the child has ended, with how.
  func ended() async -> EventLoop.ExitStatus {
    await until { !self.exits.isEmpty }
    return exits[0]
  }

  /// Returns when `condition` holds; looked at whenever the child is heard of.
  func until(_ condition: @escaping @Reactor () -> Bool) async {
    let watchdog = Loop.main.schedule(after: TestLimits.wait) { [weak self] in self?.giveUp() }
    await withCheckedContinuation { continuation in
      // Looked at in here: entering the wait may have let the loop turn.
      if condition() { continuation.resume() } else { waiting.append((condition, continuation)) }
    }
    watchdog.cancel()
  }

  private func giveUp() {
    Issue.record("the child did not do in time what was awaited")
    let waiting = self.waiting
    self.waiting = []
    for waiter in waiting { waiter.continuation.resume() }
  }

  private func check() {
    let ready = waiting.filter { $0.condition() }
    waiting.removeAll { $0.condition() }
    for waiter in ready { waiter.continuation.resume() }
  }
}

extension ChildCommand {
  /// A shell script, in `/`, with a path to the usual tools and nothing else.
  static func shell(_ script: String) -> ChildCommand {
    ChildCommand(
      executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"], directory: "/")
  }
}

/// A marker of its own for each child of the tests.
@Reactor private var markersMade = 0

@Reactor
func freshMarker() -> (name: String, value: String) {
  markersMade += 1
  return ("EVENT_LOOP_TEST", "\(markersMade)")
}
