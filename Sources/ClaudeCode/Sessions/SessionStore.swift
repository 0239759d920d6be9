public import EventLoop
public import Storage
public import Telemetry

/// The sessions this server knows, and the index that finds one by the history a request carries. Bounded: the
/// session that was longest unused is forgotten first (its transcript stays with the CLI).
@Reactor
public final class SessionStore: TurnObserver {
  /// When a session was used last, in the order of all uses, and by whom.
  private struct Use {
    let number: Int
    let principal: String
  }

  private let capacity: Int
  private var records: [String: SessionRecord] = [:]
  /// Beside the records: the whole of it is gone through, and they are large.
  private var lastUse: [String: Use] = [:]
  private var sessionAt: [ConversationKey: String] = [:]
  private var uses = 0
  /// What was remembered of sessions before the turns that run in them; nil for new ones.
  private var before: [String: SessionRecord?] = [:]
  private let store: any Store
  private let clock: @Sendable () -> Timestamp

  public static let defaultCapacity = 10_000

  /// - Parameters:
  ///   - store: keeps the sessions across restarts, if it can.
  ///   - clock: the wall clock.
  public init(
    capacity: Int = SessionStore.defaultCapacity, store: any Store = MemoryStore(),
    clock: @escaping @Sendable () -> Timestamp = { Timestamp(milliseconds: 0) }
  ) {
    self.capacity = capacity
    self.store = store
    self.clock = clock
  }

  /// Takes in what was kept before. To be called once, at the start.
  ///
  /// - Returns: how many sessions there were.
  /// - Throws: `StorageError` when they cannot be read.
  public func load() async throws(StorageError) -> Int {
    let kept = try await store.load().compactMap { SessionRecord(id: $0.key, $0.value) }
    // What has come since the start is newer.
    let newer = lastUse.sorted { $0.value.number < $1.value.number }.compactMap { records[$0.key] }
    for record in kept.sorted(by: { $0.usedBefore($1) }) where records[record.id] == nil { keep(record) }
    for record in newer { keep(record) }
    return records.count
  }

  /// Returns when every session is durable.
  ///
  /// - Throws: `StorageError` when some are not.
  public func flush() async throws(StorageError) { try await store.flush() }

  public var count: Int { records.count }

  public func record(_ id: String) -> SessionRecord? { records[id] }

  /// The ids of a principal's sessions, the one that was used last first.
  public func ids(of principal: String) -> [String] { SessionStore.newestFirst(lastUse, of: principal) }

  // Not isolated: closures of an isolated function are checked with every call, and sorting calls one often.
  private nonisolated static func newestFirst(_ uses: [String: Use], of principal: String) -> [String] {
    let own = uses.filter { $0.value.principal == principal }
    return own.sorted { $0.value.number > $1.value.number }.map(\.key)
  }

  /// The session that stands exactly at this point of this conversation.
  public func session(at position: ConversationKey) -> SessionRecord? { sessionAt[position].flatMap { records[$0] } }

  /// Somebody goes on with the session, as soon as it is free: nobody else finds it where it stands.
  public func claim(_ id: String) {
    if let position = records[id]?.position, sessionAt[position] == id { sessionAt[position] = nil }
  }

  /// It came to nothing: the session stands where it stood.
  public func release(_ id: String) {
    if let position = records[id]?.position, sessionAt[position] == nil { sessionAt[position] = id }
  }

  /// Remembers a session, or what has changed of it.
  public func save(_ record: SessionRecord) {
    if records[record.id] != record { store.put(record.id, record.json) }
    keep(record)
  }

  /// A turn of a session begins, of a new one perhaps. Where the conversation stands is not known until the turn has
  /// ended well.
  public func begin(_ id: String, for principal: String, _ options: TurnOptions) {
    // Said again where a run goes on.
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

  /// A run has ended, and its turn has cost so many US dollars. Where the CLI does not know the session (there is none, or
  /// it is in another workspace) it is as if the turn had never begun.
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

  /// There is no such session any more.
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

  /// Forgets a tenth at once, so that the search for the oldest is not paid with every new session. Principals that have
  /// more than their share lose theirs first.
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
