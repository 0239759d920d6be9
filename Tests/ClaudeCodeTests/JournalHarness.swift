import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Storage
import StorageTestSupport
import Synchronization
import System
import Telemetry
import TestSupport

@testable import ClaudeCode

/// A store of runs over memory, on a clock that the test turns.
@Reactor
final class JournalHarness {
  nonisolated let scheduler: ManualScheduler
  let storage = MemoryJournals()
  let store: RunStore
  private let source: Run
  private let clock: WallClock
  private var ids = 0

  init(_ limits: RunStore.Limits = JournalHarness.small, isDurable: Bool = true) {
    let scheduler = ManualScheduler()
    self.scheduler = scheduler
    let clock = WallClock()
    self.clock = clock
    source = JournalHarness.run(scheduler)
    store = RunStore(
      limits: limits, storage: storage, isDurable: isDurable, scheduler: scheduler,
      clock: { clock.now }, logger: .silent)
  }

  /// Everything is cut often.
  nonisolated static let small: RunStore.Limits = {
    var limits = RunStore.Limits()
    limits.journal.segment = 200
    limits.journal.memory = 500
    return limits
  }()

  static func run(
    _ scheduler: any Scheduler, asks: Bool = false, onEnd: @escaping @Reactor () -> Void = {}
  ) -> Run {
    .idle(scheduler, of: asks ? .asking : Turn(prompt: "p", session: .new(id: "s"), directory: "/"), onEnd: onEnd)
  }

  func begin(
    _ id: String? = nil, of principal: String = "me", isKept: Bool = true, survivesParking: Bool = false
  ) -> RunJournal {
    ids += 1
    return store.begin(
      RunDescription(
        id: id ?? "run-\(ids)", surface: "agent", principal: principal, requestID: "req", createdAt: ids,
        survivesParking: survivesParking), JournaledRequest(EncodedJSON(["n": JSONValue(ids)])), isKept: isKept)
  }

  func emit(_ lines: [String], in journal: RunJournal) {
    for line in lines {
      let bytes = Array(line.utf8)
      guard let message = StreamMessage(scanning: bytes.span) else { continue }
      journal.run(source, didReceive: message, in: bytes.span)
    }
  }

  /// The run's result, and its end.
  func finish(_ journal: RunJournal, _ text: String = "") {
    let line = CLILine.result(text)
    emit([line], in: journal)
    guard let result = TurnResult(Array(line.utf8).span) else { return }
    journal.run(source, didEnd: .result(result))
  }

  func advance(by duration: Duration) {
    clock.advance(by: duration)
    scheduler.advance(by: duration)
  }

  isolated deinit { scheduler.end() }
}

/// A wall clock that a test turns.
final class WallClock: Sendable {
  private let milliseconds = Lock(0)

  var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }

  func advance(by duration: Duration) { milliseconds.withLock { $0 += duration.milliseconds } }
}
