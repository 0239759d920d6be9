import Bytes
public import EventLoop
public import Storage
public import Telemetry

/// The journals of the runs under way, and for some time of those that have ended.
@Reactor
public final class RunStore {
  public struct Limits: Sendable, Equatable {
    /// How long a run is kept after its end (`RUN_RETENTION_MS`).
    public var retention: Duration = .seconds(3600)
    /// Bytes of all journals (`RUN_STORE_MAX_BYTES`). The principal that holds the most makes room: its runs are
    /// removed in the order in which they ended. If that is not enough, its longest journal is no longer kept.
    public var total = 1024 * 1024 * 1024
    /// Bytes of ended runs that stay in memory.
    public var memory = 16 * 1024 * 1024
    public var journal = RunJournal.Limits()

    public init() {}
  }

  private let limits: Limits
  private let storage: any JournalStorage
  private let isDurable: Bool
  private let scheduler: any Scheduler
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger
  private var journals: [String: RunJournal] = [:]
  /// Journals that have ended, in that order.
  private var ended: [RunJournal] = []
  private var total = 0
  /// The same by principal.
  private var totalOf: [String: Int] = [:]

  /// - Parameters:
  ///   - isDurable: whether runs are found again after a restart. If not, the storage only relieves memory.
  ///   - clock: the wall clock.
  public init(
    limits: Limits = Limits(), storage: any JournalStorage, isDurable: Bool, scheduler: any Scheduler = Loop.main,
    clock: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.limits = limits
    self.storage = storage
    self.isDurable = isDurable
    self.scheduler = scheduler
    self.clock = clock
    self.logger = logger
  }

  /// Restores the journals of a previous process. Unfinished runs are marked interrupted.
  ///
  /// - Returns: the number of journals.
  /// - Throws: `StorageError` if they cannot be read.
  public func load() async throws(StorageError) -> Int {
    for found in try await storage.recover(noting: JournalEntry.started.rawValue) {
      guard let description = (try? JSONValue(parsing: found.first)).flatMap(RunDescription.init) else {
        logger.warn("a run's journal cannot be used and is set aside", ["journal": .string(found.name)])
        await storage.setAside(found.name)
        continue
      }
      let journal = make(description, isKept: true)
      journals[journal.id] = journal
      count(found.length, of: journal.principal)
      journal.restore(found)
    }
    ended = journals.values.sorted { ($0.endedAt ?? 0, $0.id) < ($1.endedAt ?? 0, $1.id) }
    let now = clock().milliseconds
    for journal in ended { expire(journal, after: limits.retention - .milliseconds(now - (journal.endedAt ?? now))) }
    makeRoom(for: nil)
    return journals.count
  }

  /// Begins the journal of a run.
  ///
  /// - Parameters:
  ///   - request: what the surface needs to find again; it is handed over.
  ///   - isKept: whether the run continues without readers.
  public func begin(_ description: RunDescription, _ request: JournaledRequest, isKept: Bool) -> RunJournal {
    let journal = make(description, isKept: isKept)
    journals[journal.id] = journal
    journal.begin(request.record(of: description))
    return journal
  }

  private func make(_ description: RunDescription, isKept: Bool) -> RunJournal {
    RunJournal(
      description, isKept: isKept, limits: limits.journal, storage: storage, isDurable: isDurable,
      scheduler: scheduler, clock: clock, logger: logger,
      onGrowth: { [weak self] in self?.grow(by: $0, description.principal) ?? false },
      onChange: { [weak self] in self?.journalChanged($0) })
  }

  public func journal(_ id: String) -> RunJournal? { journals[id] }

  /// The journals of one principal, the newest first.
  public func journals(of principal: String) -> [RunJournal] {
    journals.values.filter { $0.principal == principal }.sorted {
      ($0.createdAt, $0.id) > ($1.createdAt, $1.id)
    }
  }

  public var count: Int { journals.count }
  /// Bytes of journals in memory.
  public var kept: Int { journals.values.reduce(0) { $0 + $1.kept } }

  /// Removes a run, and cancels it if it is under way.
  public func remove(_ journal: RunJournal) {
    guard journals[journal.id] === journal else { return }
    journals[journal.id] = nil
    ended.removeAll { $0 === journal }
    journal.cancel()
    journal.log.discard()
  }

  /// Returns when a restart would find everything.
  public func flush() async {
    for journal in journals.values { await journal.log.flush() }
  }

  private func journalChanged(_ journal: RunJournal) {
    ended.removeAll { $0 === journal }
    guard journals[journal.id] === journal, case .ended = journal.state else { return }
    ended.append(journal)
    expire(journal, after: limits.retention)
    spill()
  }

  /// Removes the journal after `delay`, unless another turn has begun by then.
  private func expire(_ journal: RunJournal, after delay: Duration) {
    let (id, end) = (journal.id, journal.endedAt)
    _ = scheduler.schedule(after: delay) { [weak self] in
      guard let self, let journal = journals[id], journal.endedAt == end else { return }
      remove(journal)
    }
  }

  /// - Parameter bytes: negative for a journal that is no longer kept.
  /// - Returns: whether there is room for it, maybe at the expense of others.
  private func grow(by bytes: Int, _ principal: String) -> Bool {
    count(bytes, of: principal)
    makeRoom(for: principal)
    return total <= limits.total
  }

  private func count(_ bytes: Int, of principal: String) {
    total += bytes
    let own = totalOf[principal, default: 0] + bytes
    totalOf[principal] = own > 0 ? own : nil
  }

  /// - Parameter principal: the one that needs room. If it holds the most itself, no other principal loses a journal,
  ///   and the one that grows is not kept.
  private func makeRoom(for principal: String?) {
    while total > limits.total {
      let heaviest = totalOf.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
      if let own = ended.first(where: { $0.principal == heaviest }) {
        remove(own)
      } else if heaviest != principal, let longest = longestJournal(of: heaviest) {
        longest.log.giveUp("other runs need the room")
      } else {
        return
      }
    }
  }

  private func longestJournal(of principal: String?) -> RunJournal? {
    journals.values.filter { $0.principal == principal && $0.isComplete }
      .max { ($0.length, $0.id) < ($1.length, $1.id) }
  }

  /// Frees the memory of the runs that ended first.
  private func spill() {
    var kept = ended.reduce(0) { $0 + $1.kept }
    for journal in ended where kept > limits.memory {
      kept -= journal.kept
      journal.log.spill()
    }
  }
}
