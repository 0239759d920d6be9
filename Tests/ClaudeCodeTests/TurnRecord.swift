import Bytes
import ClaudeCodeTestSupport
import System
import TestSupport
import Testing

@testable import ClaudeCode
@testable import EventLoop

/// A whole turn, and who served it.
struct TurnRecord {
  let pid: Int32
  let session: String
  let result: TurnResult?
  let text: String
  /// What the CLI said at the turn's beginning: with which model and permission mode it works.
  let beginning: JSONValue?
}

extension ExecutorHarness {
  /// Runs a turn to its end.
  ///
  /// - Parameter onTake: called when the turn has its process and has not begun.
  func complete(
    _ prompt: String, _ session: Turn.Session = .new(id: ExecutorHarness.session), options: TurnOptions = TurnOptions(),
    onTake: (@Reactor () -> Void)? = nil
  ) async throws -> TurnRecord {
    let recorder = RunRecorder()
    var pid: Int32 = 0
    recorder.onLine = { pid = ($0 as? Run)?.pid ?? pid }
    let run = try await run(turn(prompt, session, options: options), recorder, onTake: onTake)
    _ = await recorder.outcome()
    let beginning = try recorder.lines.map { try JSONValue(parsing: $0) }.first { $0["subtype"] == "init" }
    return TurnRecord(
      pid: pid, session: run.sessionID, result: await recorder.result(), text: try recorder.answer().text,
      beginning: beginning)
  }

  var statistics: PoolStatistics { executor.processStatistics }

  /// Waits until the pool's statistics are these, or the test's time is up.
  func statistics(become expected: PoolStatistics) async {
    await until { self.statistics == expected }
    #expect(statistics == expected)
  }

  /// Has a process started ahead, and waits until it is up.
  ///
  /// - Returns: its process id.
  @discardableResult
  func startSpare(_ options: TurnOptions = TurnOptions()) async throws -> Int32 {
    let before = statistics.spare
    executor.prepare(for: turn("", options: options))
    scheduler.advance(by: PoolLimits().replenishDelay)
    let marker = ProcessOwner.current.marker(UniqueIDs.last).value
    try #require(statistics.spare == before + 1)
    await until { !self.scheduler.waits.contains(PoolLimits().start) }
    return try #require(ProcessTable().marked(ProcessOwner.variable).first { $0.value == marker }?.key.pid)
  }
}

extension PoolStatistics {
  init(
    live: Int = 0, idle: Int = 0, spare: Int = 0, spawned: Int = 0, reused: Int = 0, killed: Int = 0, crashed: Int = 0,
    isResting: Bool = false
  ) {
    self.init()
    (self.live, self.idle, self.spare, self.isResting) = (live, idle, spare, isResting)
    (self.spawned, self.reused, self.killed, self.crashed) = (spawned, reused, killed, crashed)
  }
}
