import Bytes
import EventLoop
import Storage
import Telemetry

/// What a journal's log needs from the journal.
@Reactor
protocol JournalLogOwner: AnyObject {
  /// Whether readers need the records that come next in memory.
  var hasReaders: Bool { get }
  /// Records have reached the storage, or are lost: readers and the run may continue.
  func logDidProgress()
}

/// The records of a journal: the newest in memory, and all of them in the storage a moment later. If they cannot be
/// stored, only the newest are kept.
@Reactor
final class JournalLog {
  /// A record that was appended.
  struct Growth {
    /// Where the record begins and ends in the log.
    let place: Range<Int>
    fileprivate let hasRoom: Bool
  }

  /// Whether every record from the first on can still be read.
  private(set) var isComplete = true
  private var window: JournalWindow
  /// How far the storage has it.
  private var written = 0
  private var isWriting = false
  /// Whether memory is short: every record is written, and none is kept in memory.
  private var isSpilling = false
  private var writeTimer: (any ScheduledTimer)?
  private var flushing: [CheckedContinuation<Void, Never>] = []
  private let id: String
  private let limits: RunJournal.Limits
  private let storage: any JournalStorage
  /// Whether records are written soon, and not only when memory is short.
  private let isDurable: Bool
  private let scheduler: any Scheduler
  private let logger: Logger
  /// Called with each growth in bytes; returns whether there is room for it.
  private let onGrowth: @Reactor (Int) -> Bool
  weak var owner: (any JournalLogOwner)?

  init(
    _ id: String, limits: RunJournal.Limits, storage: any JournalStorage, isDurable: Bool, scheduler: any Scheduler,
    logger: Logger, onGrowth: @escaping @Reactor (Int) -> Bool
  ) {
    self.id = id
    self.limits = limits
    self.storage = storage
    self.isDurable = isDurable
    self.scheduler = scheduler
    self.logger = logger
    self.onGrowth = onGrowth
    window = JournalWindow(segmentLength: limits.segment)
  }

  /// Bytes, in memory or not.
  var length: Int { window.end }
  /// Bytes in memory.
  var kept: Int { window.count }
  /// Whether too many bytes wait for the storage.
  var isCongested: Bool { isComplete && window.end - written > limits.unwritten }

  /// Continues a log that is already in the storage.
  func restore(length: Int) {
    window = JournalWindow(from: length, segmentLength: limits.segment)
    written = length
  }

  // MARK: Appending

  /// Appends the first record.
  func begin(_ record: [UInt8]) {
    window.append(record)
    didGrow(hasRoom: onGrowth(record.count))
  }

  /// Appends a record. `finish` follows, when the readers have it.
  func append(_ entry: JournalEntry, _ payload: Span<UInt8>) -> Growth {
    let start = window.end
    window.append(entry.rawValue, payload)
    let place = start..<window.end
    return Growth(place: place, hasRoom: isComplete && onGrowth(place.count))
  }

  func finish(_ growth: Growth) { didGrow(hasRoom: growth.hasRoom) }

  private func didGrow(hasRoom: Bool) {
    guard isComplete else { return window.shrink(to: limits.memory, before: window.end) }
    guard hasRoom else { return giveUp("there is no room for more") }
    if isDurable || window.count > limits.memory { scheduleWrite() }
  }

  // MARK: Writing

  private func scheduleWrite() {
    if window.end - written >= limits.segment { return write() }
    guard writeTimer == nil, !isWriting else { return }
    writeTimer = scheduler.schedule(after: limits.delay) { [weak self] in self?.write() }
  }

  /// Writes the records that are not written, if they are to be written at all.
  func write() {
    writeTimer?.cancel()
    writeTimer = nil
    guard isComplete, !isWriting, written < window.end, mustWrite else { return }
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

  private func didWrite(_ count: Int) {
    isWriting = false
    written += count
    window.shrink(to: isSpilling ? 0 : limits.memory, before: written)
    if written < window.end { scheduleWrite() } else { settle() }
    owner?.logDidProgress()
  }

  private func settle() {
    let flushing = self.flushing
    self.flushing = []
    for waiting in flushing { waiting.resume() }
  }

  /// Returns when a restart would find every record.
  func flush() async {
    await withCheckedContinuation { continuation in
      guard isComplete, isDurable, written < window.end else { return continuation.resume() }
      flushing.append(continuation)
      write()
    }
  }

  /// Writes every record and keeps none in memory: memory is short.
  func spill() {
    isSpilling = true
    if isComplete { window.shrink(to: 0, before: written) }
    write()
  }

  /// Keeps the newest records in memory again.
  func endSpill() { isSpilling = false }

  /// Keeps no further records, and removes the log from the storage.
  func giveUp(_ reason: String) {
    guard isComplete else { return }
    logger.warn("a run's journal is not kept", ["reason": .string(reason)])
    discard()
  }

  /// Removes the log from the storage. Readers still get what comes.
  func discard() {
    guard isComplete else { return }
    isComplete = false
    _ = onGrowth(-window.end)
    writeTimer?.cancel()
    settle()
    window.shrink(to: owner?.hasReaders == true ? limits.memory : 0, before: window.end)
    Task.onLoop { [storage, id] in await storage.remove(id) }
    owner?.logDidProgress()
  }

  // MARK: Reading

  /// Whole records from `offset` on that are in memory; nil where they are not.
  func page(from offset: Int) -> [UInt8]? { window.page(from: offset) }

  /// Records from the storage; nil where they are lost.
  func stored(from offset: Int) async -> [UInt8]? {
    guard isComplete else { return nil }
    do throws(StorageError) {
      return try await storage.read(id, from: offset, limit: limits.memory)
    } catch {
      logger.error("a run's journal cannot be read", ["error": .string("\(error)")])
      return nil
    }
  }
}
