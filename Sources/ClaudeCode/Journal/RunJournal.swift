public import Bytes
public import EventLoop
import Storage
import Telemetry

/// The stored event log of a run, and the run's status. Every reader gets all events from the beginning, in order, whenever
/// it comes; a slow one is served from the log and slows nobody.
///
/// It observes the run. An agent has one journal for all its turns.
@Reactor
public final class RunJournal {
  public struct Limits: Sendable, Equatable {
    /// How much memory is freed at once, in bytes.
    public var segment = 32 * 1024
    /// Bytes that stay in memory after they are written.
    public var memory = 256 * 1024
    /// Bytes that may wait for the storage; beyond them the run is paused.
    public var unwritten = 4 * 1024 * 1024
    /// How long a record may wait before it is written.
    public var delay: Duration = .milliseconds(20)

    public init() {}
  }

  public let id: String
  /// The kind of surface that began it.
  public let surface: String
  /// The id of the principal.
  public let principal: String
  /// The id of the request that began it.
  public let requestID: String
  /// In milliseconds since 1970.
  public let createdAt: Int
  public private(set) var state = State.queued
  /// When it ended, in milliseconds since 1970.
  public private(set) var endedAt: Int?
  /// The session, once it is known.
  public private(set) var sessionID: String?
  /// The process of the current turn.
  public var pid: Int32? { run?.pid }
  /// Whether the run continues without readers.
  let isKept: Bool
  public private(set) var total = Total()
  /// Whether a run that was parked continues in this journal.
  public let survivesParking: Bool
  /// Whether another turn follows the current one.
  public var isExpectingMore = false
  /// Whether every event from the beginning can still be read.
  public var isComplete: Bool { log.isComplete }

  let log: JournalLog
  private var run: Run?
  private var readers: [JournalReader] = []
  private var resultLine: [UInt8] = []
  private let clock: @Sendable () -> Timestamp
  /// Called when the run ends, and when a further turn begins.
  private let onChange: @Reactor (RunJournal) -> Void

  init(
    _ description: RunDescription, isKept: Bool, limits: Limits, storage: any JournalStorage, isDurable: Bool,
    scheduler: any Scheduler, clock: @escaping @Sendable () -> Timestamp, logger: Logger,
    onGrowth: @escaping @Reactor (Int) -> Bool, onChange: @escaping @Reactor (RunJournal) -> Void
  ) {
    id = description.id
    surface = description.surface
    principal = description.principal
    requestID = description.requestID
    survivesParking = description.survivesParking
    createdAt = description.createdAt
    self.isKept = isKept
    self.clock = clock
    self.onChange = onChange
    log = JournalLog(
      description.id, limits: limits, storage: storage, isDurable: isDurable, scheduler: scheduler,
      logger: logger.with("journal", .string(description.id)), onGrowth: onGrowth)
    log.owner = self
  }

  /// Whether the run has ended. A further input begins another turn.
  public var isOver: Bool { if case .ended = state { true } else { false } }
  /// Bytes of all records, in memory or not.
  public var length: Int { log.length }
  /// Bytes of the first record.
  public private(set) var requestLength = 0
  /// Bytes in memory.
  var kept: Int { log.kept }

  // MARK: Writing

  func begin(_ record: [UInt8]) {
    requestLength = record.count
    log.begin(record)
  }

  /// Restores the journal of a previous process.
  func restore(_ found: RecoveredJournal) {
    log.restore(length: found.length)
    requestLength = found.first.count
    let start = found.noted.flatMap { try? JSONValue(parsing: $0) }
    sessionID = start?["session"]?.string
    total = Total(start?["total"] ?? .null)
    guard found.lastKind == JournalEntry.ended.rawValue, let json = try? JSONValue(parsing: found.last),
      let outcome = RunOutcome(json)
    else { return end(.failed(.interrupted)) }
    if case .parked = outcome, survivesParking { return end(.failed(.interrupted)) }
    total = Total(json["total"] ?? .null)
    state = State(outcome)
    // A time in the future would keep the journal until then.
    endedAt = json["at"]?.count.map { min($0, clock().milliseconds) }
  }

  /// A turn has its process: its events are kept from now on.
  public func follow(_ run: Run) {
    self.run = run
    change(to: .running)
    sessionID = run.sessionID
    let start: JSONValue = ["session": .string(run.sessionID), "run": .string(run.id), "total": total.json]
    append(.started, start.encoded.span)
  }

  /// A further turn begins, with this input.
  public func take(input: EncodedJSON) {
    change(to: .queued)
    append(.input, input.bytes.span)
  }

  private func change(to state: State) {
    self.state = state
    endedAt = nil
    log.endSpill()
    onChange(self)
  }

  /// The run has ended, or will never begin.
  public func end(_ outcome: RunOutcome) {
    let isParked = outcome == .parked && survivesParking
    if !isParked { run = nil }
    let time = clock().milliseconds
    state = isParked ? .parked : State(outcome)
    endedAt = time
    total.add(outcome)
    append(.ended, outcome.json(result: resultLine, at: time, total).encoded.span)
    resultLine = []
    log.write()
    onChange(self)
  }

  /// Ends the run, and with `endsProcess` its process.
  public func cancel(endsProcess: Bool = false) { run?.cancel(endsProcess: endsProcess) }

  private func append(_ entry: JournalEntry, _ payload: Span<UInt8>, _ message: StreamMessage? = nil) {
    let growth = log.append(entry, payload)
    // An observer may end the run, which appends more meanwhile.
    for reader in readers { reader.journalDidGrow(growth.place, entry, payload, message) }
    log.finish(growth)
  }

  // MARK: Reading

  /// Replays the journal to `observer`, then delivers events as they come.
  ///
  /// - Parameter skipped: how many entries the observer has already.
  public func add(_ observer: any RunObserver, skipping skipped: Int = 0) -> JournalReader {
    let reader = JournalReader(self, observer, skipping: skipped, follows: true)
    readers.append(reader)
    reader.pump()
    return reader
  }

  /// Replays the events so far to `observer`.
  ///
  /// - Returns: whether the run has ended, and `didEnd` was delivered.
  public func replay(to observer: any RunObserver) async -> Bool {
    let reader = JournalReader(self, observer, skipping: 0, follows: false)
    readers.append(reader)
    return await reader.ended()
  }

  /// The first record, for `RunDescription.request(in:)`; nil if it is lost.
  public func request() async -> ArraySlice<UInt8>? {
    let found: [UInt8]? = if let page = log.page(from: 0) { page } else { await log.stored(from: 0) }
    guard let page = found,
      case .record(_, let payload) = JournalRecord.find(in: page.span, at: 0, checks: false)
    else { return nil }
    return page[payload]
  }

  /// The reader has delivered everything.
  func detach(_ reader: JournalReader) { readers.removeAll { $0 === reader } }

  /// The reader's observer has left.
  func remove(_ reader: JournalReader) {
    guard readers.contains(where: { $0 === reader }) else { return }
    detach(reader)
    if !keepsRun { run?.endUnlessKept() }
  }
}

extension RunJournal: JournalLogOwner {
  var hasReaders: Bool { !readers.isEmpty }

  func logDidProgress() {
    if !isCongested { run?.observerDidDrain() }
    for reader in readers { reader.pump() }
  }
}

extension RunJournal: RunObserver {
  /// Whether the storage is behind.
  public var isCongested: Bool { log.isCongested }

  public var keepsRun: Bool { isKept || readers.contains { $0.keepsRun } }

  public func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    if message.kind == .result { resultLine = line.bytes(in: 0..<line.count) }
    append(.line, line, message)
  }

  public func run(_ run: any RunSource, didAsk question: PermissionQuestion) {
    append(.question, question.json.encoded.span)
  }

  public func run(_ run: any RunSource, didEnd outcome: RunOutcome) { end(outcome) }
}
