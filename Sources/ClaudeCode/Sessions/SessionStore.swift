public import EventLoop
public import Storage
public import Telemetry

/// The sessions this server knows, and the index that finds one by the history of a request. Bounded: the session that
/// was unused for the longest time is dropped first; its transcript stays with the CLI.
@Reactor
public final class SessionStore: TurnObserver {
  /// When a session was last used, as a number in the order of all uses, and by which principal.
  private struct Use {
    let number: Int
    let principal: String
  }

  private let capacity: Int
  private var records: [String: SessionRecord] = [:]
  /// Apart from the records, because all of it is searched and records are large.
  private var lastUse: [String: Use] = [:]
  private var sessionAt: [ConversationKey: String] = [:]
  private var uses = 0
  /// The records of sessions before their current turns; nil for new sessions.
  private var before: [String: SessionRecord?] = [:]
  private let store: any Store
  private let clock: @Sendable () -> Timestamp

  public static let defaultCapacity = 10_000

  /// - Parameters:
  ///   - store: keeps the sessions across restarts.
  ///   - clock: the wall clock.
  public init(
    capacity: Int = SessionStore.defaultCapacity, store: any Store = MemoryStore(),
    clock: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }
  ) {
    self.capacity = capacity
    self.store = store
    self.clock = clock
  }

  /// Loads the stored sessions. To be called once, at the start.
  ///
  /// - Returns: the number of sessions.
  /// - Throws: `StorageError` if they cannot be read.
  public func load() async throws(StorageError) -> Int {
    let kept = try await store.load().compactMap { SessionRecord(id: $0.key, $0.value) }
    // Sessions that were saved since the start are newer.
    let newer = lastUse.sorted { $0.value.number < $1.value.number }.compactMap { records[$0.key] }
    for record in kept.sorted(by: { $0.usedBefore($1) }) where records[record.id] == nil { keep(record) }
    for record in newer { keep(record) }
    return records.count
  }

  /// Returns when every session is durable.
  ///
  /// - Throws: `StorageError` when some are not.
  public func flush() async throws(StorageError) { try await store.flush() }

  /// Why sessions are not durable, as of the last attempt to write them; nil if they are.
  public var storageFailure: String? { store.failure?.description }

  public var count: Int { records.count }

  public func record(_ id: String) -> SessionRecord? { records[id] }

  /// The ids of a principal's sessions, the last used first.
  public func ids(of principal: String) -> [String] { SessionStore.newestFirst(lastUse, of: principal) }

  // Not isolated: closures of an isolated function are checked with every call, and sorting makes many.
  private nonisolated static func newestFirst(_ uses: [String: Use], of principal: String) -> [String] {
    let own = uses.filter { $0.value.principal == principal }
    return own.sorted { $0.value.number > $1.value.number }.map(\.key)
  }

  /// The session whose conversation is exactly at this position.
  public func session(at position: ConversationKey) -> SessionRecord? { sessionAt[position].flatMap { records[$0] } }

  /// Reserves the session: it can no longer be found by conversation history.
  public func claim(_ id: String) {
    if let position = records[id]?.position, sessionAt[position] == id { sessionAt[position] = nil }
  }

  /// Undoes `claim`; the turn never started.
  public func release(_ id: String) {
    if let position = records[id]?.position, sessionAt[position] == nil { sessionAt[position] = id }
  }

  /// Adds a session, or replaces it.
  public func save(_ record: SessionRecord) {
    if records[record.id] != record { store.put(record.id, record.json) }
    keep(record)
  }

  /// A turn of a session begins, maybe of a new one. The position is unknown until the turn has ended well.
  public func begin(_ id: String, for principal: String, _ options: TurnOptions) {
    // Called again when a run resumes.
    if before[id] == nil { before[id] = .some(records[id]) }
    var record = records[id] ?? SessionRecord(id: id, principal: principal, options: options)
    record.options = options
    record.position = nil
    use(&record)
  }

  /// A turn of a session ended well.
  public func advance(_ id: String, to position: ConversationKey) {
    guard var record = records[id] else { return }
    record.position = position
    save(record)
  }

  /// A turn has ended. If the CLI does not know the session (it does not exist, or is in another workspace), the turn
  /// is treated as if it had never begun.
  public func turnDidEnd(_ run: Run, cost: Double) {
    if run.outcome?.error?.kind == .sessionNotFound { revert(run.sessionID) } else { account(run.sessionID, cost) }
  }

  func revert(_ id: String) {
    guard let record = before.removeValue(forKey: id) else { return }
    if let record { save(record) } else { forget(id) }
  }

  func account(_ id: String, _ cost: Double) {
    before[id] = nil
    guard var record = records[id] else { return }
    record.turns += 1
    record.cost += cost
    use(&record)
  }

  private func use(_ record: inout SessionRecord) {
    let now = clock()
    record.created = record.created ?? now
    record.lastUsed = now
    save(record)
  }

  /// The session no longer exists.
  public func forget(_ id: String) {
    guard let record = records.removeValue(forKey: id) else { return }
    if let position = record.position, sessionAt[position] == id { sessionAt[position] = nil }
    lastUse[id] = nil
    before[id] = nil
    store.put(id, nil)
  }

  private func keep(_ record: SessionRecord) {
    if let old = records[record.id]?.position, sessionAt[old] == record.id { sessionAt[old] = nil }
    records[record.id] = record
    if let position = record.position { sessionAt[position] = record.id }
    uses += 1
    lastUse[record.id] = Use(number: uses, principal: record.principal)
    if records.count > capacity { evict() }
  }

  /// Drops a tenth at once, so that not every new session pays for the search for the oldest. Principals with more than
  /// their share lose theirs first.
  private func evict() {
    for id in SessionStore.oldest(lastUse, max(1, capacity / 10)) { forget(id) }
  }

  private nonisolated static func oldest(_ uses: [String: Use], _ count: Int) -> [String] {
    var held: [String: Int] = [:]
    for use in uses.values { held[use.principal, default: 0] += 1 }
    let share = (uses.count - count) / held.count
    var (first, rest): ([String], [String]) = ([], [])
    for (id, use) in uses.sorted(by: { $0.value.number < $1.value.number }) {
      if held[use.principal, default: 0] > share {
        held[use.principal, default: 0] -= 1
        first.append(id)
      } else {
        rest.append(id)
      }
    }
    return Array((first + rest).prefix(count))
  }
}

extension SessionRecord {
  fileprivate func usedBefore(_ other: SessionRecord) -> Bool {
    (lastUsed?.milliseconds ?? 0, id) < (other.lastUsed?.milliseconds ?? 0, other.id)
  }
}
