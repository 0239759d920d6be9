import Bytes
import EventLoop
import Storage
import Synchronization
import System
import Telemetry
import TestSupport

@testable import ClaudeCode

/// A storage of journals that a test can hold up, or break.
@Reactor
final class JournalsInMemory: JournalStorage {
  private(set) var journals: [String: [UInt8]] = [:]
  private(set) var reads = 0
  var isBroken = false
  var isHeld = false { didSet { if !isHeld { release() } } }
  private var waiting: [CheckedContinuation<Void, Never>] = []

  @Reactor func append(_ records: [UInt8], to name: String) async throws(StorageError) {
    if isHeld { await withCheckedContinuation { waiting.append($0) } }
    if isBroken { throw StorageError("no space left") }
    journals[name, default: []] += records
  }

  private func release() {
    let waiting = self.waiting
    self.waiting = []
    for waiter in waiting { waiter.resume() }
  }

  @Reactor func read(_ name: String, from offset: Int, limit: Int) async throws(StorageError) -> [UInt8] {
    reads += 1
    guard !isBroken, let journal = journals[name] else { throw StorageError("no journal \(name)") }
    var end = offset
    while case .record(_, let payload) = JournalRecord.find(in: journal.span, at: end, checks: false) {
      guard end == offset || payload.upperBound - offset <= limit else { break }
      end = payload.upperBound
    }
    return Array(journal[offset..<end])
  }

  @Reactor func remove(_ name: String) async { journals[name] = nil }

  private(set) var setAside: [String] = []
  @Reactor func setAside(_ name: String) async {
    journals[name] = nil
    setAside.append(name)
  }

  /// What a store finds when it begins.
  var recovered: [RecoveredJournal] = []
  @Reactor func recover(noting kind: UInt8) async throws(StorageError) -> [RecoveredJournal] { recovered }
}

/// A store of runs over such a storage, on a clock that the test turns.
@Reactor
final class JournalStage {
  nonisolated let scheduler: ManualScheduler
  let storage = JournalsInMemory()
  let store: RunStore
  private let source: Run
  private let clock: WallClock
  private var ids = 0

  init(_ limits: RunStore.Limits = JournalStage.small, isDurable: Bool = true) {
    let scheduler = ManualScheduler()
    self.scheduler = scheduler
    let clock = WallClock()
    self.clock = clock
    source = JournalStage.run(scheduler)
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
    var turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/")
    if asks { turn.options.forwardsQuestions = true }
    let run = Run(
      turn, id: "r", sessionID: "s", as: Fingerprint(turn, settingSources: nil), timeouts: RunTimeouts(),
      scheduler: scheduler, logger: .silent)
    run.add(EndObserver(onEnd))
    return run
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

  func say(_ lines: [String], in journal: RunJournal) {
    for line in lines {
      let bytes = Array(line.utf8)
      guard let message = StreamMessage(scanning: bytes.span) else { continue }
      journal.run(source, didReceive: message, in: bytes.span)
    }
  }

  /// The run's result, and its end.
  func finish(_ journal: RunJournal, _ text: String = "") {
    let line = CLILine.result(text)
    say([line], in: journal)
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

extension Run {
  /// Says lines as its process would.
  @Reactor
  func say(_ lines: [String]) {
    for line in lines {
      let bytes = Array(line.utf8)
      if let message = StreamMessage(scanning: bytes.span) { processDidEmit(message, in: bytes.span) }
    }
  }
}

/// Calls back when a run has ended; it does not keep the run.
@Reactor
private final class EndObserver: RunObserver {
  private let onEnd: @Reactor () -> Void

  init(_ onEnd: @escaping @Reactor () -> Void) { self.onEnd = onEnd }

  var isCongested: Bool { false }
  var keepsRun: Bool { false }
  var survivesParking: Bool { true }

  func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {}

  func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    if outcome != .parked { onEnd() }
  }
}
