public import Bytes
public import EventLoop
import Storage
import Telemetry

/// What a run says, kept: in memory up to a bound, and behind it in a file. Whoever comes late is told everything from the
/// beginning and then goes along; whoever is slow is served from here and slows nobody.
///
/// It observes the run. An agent has one journal for all its turns.
@Reactor
public final class RunJournal {
  public struct Limits: Sendable, Equatable {
    /// Bytes that are let go of at once.
    public var segment = 32 * 1024
    /// Bytes that stay in memory once they are written.
    public var memory = 256 * 1024
    /// Bytes that may wait for the disk: beyond them the run waits, too.
    public var unwritten = 4 * 1024 * 1024
    /// How long a record may wait until it is written.
    public var delay: Duration = .milliseconds(20)

    public init() {}
  }

  public let id: String
  /// The kind of surface that began it.
  public let surface: String
  /// Whose it is.
  public let principal: String
  /// Of the request that began it.
  public let requestID: String
  /// In milliseconds since 1970.
  public let createdAt: Int
  public private(set) var state = State.queued
  /// When it ended, in milliseconds since 1970.
  public private(set) var endedAt: Int?
  /// The session, once it is known.
  public private(set) var sessionID: String?
  /// The process of the turn under way.
  public var pid: Int32? { run?.pid }
  /// Whether the run goes on when nobody watches it.
  let isKept: Bool
  public private(set) var total = Total()
  /// Whether a run that waits for its client goes on in this journal.
  public let survivesParking: Bool
  /// Whether another turn follows when this one has ended.
  public var isExpectingMore = false
  /// Whether everything from the beginning can still be told.
  public private(set) var isWhole = true

  private var window: JournalWindow
  private var run: Run?
  private var readers: [JournalReader] = []
  private var resultLine: [UInt8] = []
  /// How far the storage has it.
  private var written = 0
  private var isWriting = false
  private var writeTimer: (any ScheduledTimer)?
  private var flushing: [CheckedContinuation<Void, Never>] = []
  private let limits: Limits
  private let storage: any JournalStorage
  /// Whether records are written soon, and not only when memory is short.
  private let isDurable: Bool
  private let scheduler: any Scheduler
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger
  /// Told of each growth; says whether there is room for it.
  private let onGrowth: @Reactor (Int) -> Bool
  /// Told when it ends, and when it goes on after that.
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
    self.limits = limits
    self.storage = storage
    self.isDurable = isDurable
    self.scheduler = scheduler
    self.clock = clock
    self.logger = logger.with("journal", .string(description.id))
    self.onGrowth = onGrowth
    self.onChange = onChange
    window = JournalWindow(segmentLength: limits.segment)
  }

  /// Whether it has ended, and nothing follows unless somebody says more.
  public var isOver: Bool { if case .ended = state { true } else { false } }
  /// Bytes, wherever they are.
  public var length: Int { window.end }
  /// Bytes of the first record.
  public private(set) var requestLength = 0
  /// Bytes in memory.
  var kept: Int { window.count }

  // MARK: Writing

  func begin(_ record: [UInt8]) {
    requestLength = record.count
    window.append(record)
    didGrow(hasRoom: onGrowth(record.count))
  }

  /// Takes in what a former life has left.
  func restore(_ found: RecoveredJournal) {
    window = JournalWindow(from: found.length, segmentLength: limits.segment)
    written = found.length
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
    // A time to come would keep the journal until then.
    endedAt = json["at"]?.count.map { min($0, clock().milliseconds) }
  }

  /// A turn has its process: from here on what it says is kept.
  public func follow(_ run: Run) {
    self.run = run
    change(to: .running)
    sessionID = run.sessionID
    let start: JSONValue = ["session": .string(run.sessionID), "run": .string(run.id), "total": total.json]
    append(.started, start.encoded.span)
  }

  /// The client says something: a further turn begins.
  public func take(input: EncodedJSON) {
    change(to: .queued)
    append(.input, input.bytes.span)
  }

  private func change(to state: State) {
    self.state = state
    endedAt = nil
    isSpilling = false
    onChange(self)
  }

  /// The run ended, or never began.
  public func end(_ outcome: RunOutcome) {
    let isParked = outcome == .parked && survivesParking
    if !isParked { run = nil }
    let time = clock().milliseconds
    state = isParked ? .parked : State(outcome)
    endedAt = time
    total.add(outcome)
    append(.ended, outcome.json(result: resultLine, at: time, total).encoded.span)
    resultLine = []
    write()
    onChange(self)
  }

  /// Ends the run.
  public func cancel() { run?.cancel() }

  private func append(_ entry: JournalEntry, _ payload: Span<UInt8>, _ message: StreamMessage? = nil) {
    let place = window.end
    window.append(entry.rawValue, payload)
    // Whoever is told may end the run, and more is appended meanwhile.
    let end = window.end
    let hasRoom = isWhole && onGrowth(end - place)
    for reader in readers { reader.journalDidGrow(from: place, to: end, entry, payload, message) }
    didGrow(hasRoom: hasRoom)
  }

  private func didGrow(hasRoom: Bool) {
    guard isWhole else { return window.shrink(to: limits.memory, before: window.end) }
    guard hasRoom else { return giveUp("there is no room for more") }
    if isDurable || window.count > limits.memory { scheduleWrite() }
  }

  private func scheduleWrite() {
    if window.end - written >= limits.segment { return write() }
    guard writeTimer == nil, !isWriting else { return }
    writeTimer = scheduler.schedule(after: limits.delay) { [weak self] in self?.write() }
  }

  private func write() {
    writeTimer?.cancel()
    writeTimer = nil
    guard isWhole, !isWriting, written < window.end, mustWrite else { return }
    isWriting = true
    let records = window.bytes(from: written)
    Task.onLoop { [self] in
      do throws(StorageError) {
        try await storage.append(records, to: id)
        didWrite(records.count)
      } catch {
        isWriting = false
        giveUp("\(error)")
      }
    }
  }

  private var mustWrite: Bool { isDurable || isSpilling || window.count > limits.memory }
  /// Whether memory is short: everything is written that is not.
  private var isSpilling = false

  private func didWrite(_ count: Int) {
    isWriting = false
    written += count
    window.shrink(to: isSpilling ? 0 : limits.memory, before: written)
    if written < window.end { scheduleWrite() } else { settle() }
    if !isCongested { run?.observerDidDrain() }
    for reader in readers { reader.pump() }
  }

  private func settle() {
    let flushing = self.flushing
    self.flushing = []
    for waiting in flushing { waiting.resume() }
  }

  /// Returns when everything is where it will be found again.
  func flush() async {
    await withCheckedContinuation { continuation in
      guard isWhole, isDurable, written < window.end else { return continuation.resume() }
      flushing.append(continuation)
      write()
    }
  }

  /// Has everything written and forgotten here: memory is short.
  func spill() {
    isSpilling = true
    if isWhole { window.shrink(to: 0, before: written) }
    write()
  }

  /// The beginning is lost: only who goes along is told the rest.
  private func giveUp(_ reason: String) {
    guard isWhole else { return }
    logger.warn("a run's record is not kept", ["reason": .string(reason)])
    discard()
  }

  /// Nobody will ask for it any more, or it cannot be kept.
  func discard() {
    guard isWhole else { return }
    isWhole = false
    _ = onGrowth(-window.end)
    writeTimer?.cancel()
    settle()
    window.shrink(to: readers.isEmpty ? 0 : limits.memory, before: window.end)
    Task.onLoop { [storage, id] in await storage.remove(id) }
    if !isCongested { run?.observerDidDrain() }
    for reader in readers { reader.pump() }
  }

  // MARK: Reading

  /// Tells `observer` everything from the beginning, and goes on with what comes.
  ///
  /// - Parameter skipped: how many entries the observer has had already.
  public func add(_ observer: any RunObserver, skipping skipped: Int = 0) -> JournalReader {
    let reader = JournalReader(self, observer, skipping: skipped, follows: true)
    readers.append(reader)
    reader.pump()
    return reader
  }

  /// Tells `observer` what there is by now.
  ///
  /// - Returns: whether the run has ended, and the observer was told how.
  public func tell(_ observer: any RunObserver) async -> Bool {
    let reader = JournalReader(self, observer, skipping: 0, follows: false)
    readers.append(reader)
    return await reader.ended()
  }

  /// The first record, for `RunDescription.request(in:)`; nil where it is lost.
  public func request() async -> ArraySlice<UInt8>? {
    let found: [UInt8]? = if let page = window.page(from: 0) { page } else { await stored(from: 0) }
    guard let page = found,
      case .record(_, let payload) = JournalRecord.find(in: page.span, at: 0, checks: false)
    else { return nil }
    return page[payload]
  }

  /// The reader is told no more; that was all.
  func detach(_ reader: JournalReader) { readers.removeAll { $0 === reader } }

  /// The reader's observer has left.
  func remove(_ reader: JournalReader) {
    guard readers.contains(where: { $0 === reader }) else { return }
    detach(reader)
    if !keepsRun { run?.endUnlessKept() }
  }

  /// Whole records from `offset` on that are in memory; nil where they are not.
  func page(from offset: Int) -> [UInt8]? { window.page(from: offset) }

  /// Records from the storage; nil where they are lost.
  func stored(from offset: Int) async -> [UInt8]? {
    guard isWhole else { return nil }
    do throws(StorageError) {
      return try await storage.read(id, from: offset, limit: limits.memory)
    } catch {
      logger.error("a run's record cannot be read", ["error": .string("\(error)")])
      return nil
    }
  }
}

extension RunJournal: RunObserver {
  /// The disk is behind.
  public var isCongested: Bool { isWhole && window.end - written > limits.unwritten }

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
