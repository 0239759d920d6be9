package import EventLoop
import Telemetry
package import TestSupport

@testable package import ClaudeCode

extension Run {
  /// A run without a process.
  ///
  /// - Parameter onEnd: called when it has ended; it does not keep the run alive.
  @Reactor
  package static func idle(
    _ scheduler: any Scheduler, _ observer: (any RunObserver)? = nil,
    of turn: Turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/"),
    onEnd: @escaping @Reactor () -> Void = {}
  ) -> Run {
    let run = Run(
      turn, id: "r", sessionID: turn.session.id, as: Fingerprint(turn, settingSources: nil), timeouts: RunTimeouts(),
      scheduler: scheduler, logger: .silent)
    run.add(EndObserver(onEnd))
    if let observer { run.add(observer) }
    return run
  }

  /// The CLI prints these lines.
  @Reactor
  package func emit(_ lines: [String]) {
    for line in lines {
      let bytes = Array(line.utf8)
      let message = StreamMessage(scanning: bytes.span)
      if let message { processDidEmit(message, in: bytes.span) }
    }
  }
}

extension Turn {
  /// A turn with a function of its client, which is asked for permission too.
  package static var asking: Turn {
    var options = TurnOptions()
    options.forwardsQuestions = true
    var turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/", options: options)
    turn.functions = [FunctionDeclaration(name: "f")]
    return turn
  }
}

/// Calls back when a run has ended; it does not keep the run alive.
@Reactor
package final class EndObserver: RunObserver {
  private let onEnd: @Reactor () -> Void

  package init(_ onEnd: @escaping @Reactor () -> Void) { self.onEnd = onEnd }

  package var isCongested: Bool { false }
  package var keepsRun: Bool { false }
  package var survivesParking: Bool { true }

  package func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {}

  package func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    if outcome != .parked { onEnd() }
  }
}

/// Runs that are ended with the test: one that is under way holds its timers, and they hold it.
@Reactor
package final class RunBag {
  package nonisolated let scheduler: ManualScheduler
  private var runs: [Run] = []

  package init() { scheduler = ManualScheduler() }

  package func keep(_ run: Run) -> Run {
    runs.append(run)
    return run
  }

  isolated deinit {
    for run in runs { run.cancel() }
    scheduler.end()
  }
}
