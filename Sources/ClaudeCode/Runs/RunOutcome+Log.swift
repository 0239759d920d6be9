import Bytes
import EventLoop
import Telemetry

extension Logger {
  /// Logs how a run ended. Parking is not logged.
  @Reactor
  func logEnd(_ outcome: RunOutcome, _ process: ClaudeProcess?, after duration: Duration) {
    let milliseconds = JSONValue(duration.milliseconds)
    switch outcome {
    case .result(let result):
      info(
        "run ended",
        [
          "ms": milliseconds, "subtype": .string(result.subtype), "error": .bool(result.isError),
          "turns": JSONValue(result.turns),
        ])
    case .parked: break
    case .failed(let error):
      warn("run failed", ["ms": milliseconds, "kind": .string("\(error.kind)"), "reason": .string(error.message)])
    }
    if let lines = process?.junkLines, lines > 0 {
      warn("the CLI printed lines that are not JSON", ["lines": JSONValue(lines)])
    }
  }
}
