public import EventLoop
public import Storage

/// What the server remembers of a session between its turns.
public struct SessionRecord: Sendable, Equatable {
  public let id: String
  /// Whose it is.
  public let principal: String
  /// What its next turn inherits.
  public var options: TurnOptions
  /// The conversation as its last turn left it; nil until a turn has ended well.
  public var position: ConversationKey?

  public init(id: String, principal: String, options: TurnOptions, position: ConversationKey? = nil) {
    self.id = id
    self.principal = principal
    self.options = options
    self.position = position
  }
}

/// The sessions this server knows, and the index that finds one by the history a request carries. Bounded: the
/// session that was longest unused is forgotten first (its transcript stays with the CLI).
@Reactor
public final class SessionStore {
  private let capacity: Int
  private var records: [String: SessionRecord] = [:]
  private var lastUse: [String: Int] = [:]
  private var sessionAt: [ConversationKey: String] = [:]
  private var uses = 0
  private let store: any Store

  public static let defaultCapacity = 10_000

  /// - Parameter store: keeps the sessions across restarts, if it can.
  public init(capacity: Int = SessionStore.defaultCapacity, store: any Store = MemoryStore()) {
    self.capacity = capacity
    self.store = store
  }

  /// Takes in what was kept before. To be called once, at the start.
  ///
  /// - Returns: how many sessions there were.
  /// - Throws: `StorageError` when they cannot be read.
  public func load() async throws(StorageError) -> Int {
    for (id, json) in try await store.load() {
      // What has come since the start is newer.
      guard records[id] == nil, let record = SessionRecord(id: id, json) else { continue }
      keep(record)
    }
    return records.count
  }

  /// Returns when everything is kept.
  public func flush() async { await store.flush() }

  public var count: Int { records.count }

  public func record(_ id: String) -> SessionRecord? { records[id] }

  /// The session that stands exactly at this point of this conversation.
  public func session(at position: ConversationKey) -> SessionRecord? { sessionAt[position].flatMap { records[$0] } }

  /// Remembers a session, or what has changed of it.
  public func save(_ record: SessionRecord) {
    if records[record.id] != record { store.put(record.id, record.json) }
    keep(record)
  }

  private func keep(_ record: SessionRecord) {
    if let old = records[record.id]?.position, sessionAt[old] == record.id { sessionAt[old] = nil }
    records[record.id] = record
    if let position = record.position { sessionAt[position] = record.id }
    uses += 1
    lastUse[record.id] = uses
    if records.count > capacity { evict() }
  }

  /// Forgets a tenth at once, so that the search for the oldest is not paid with every new session.
  private func evict() {
    for (id, _) in lastUse.sorted(by: { $0.value < $1.value }).prefix(max(1, capacity / 10)) {
      if let position = records[id]?.position, sessionAt[position] == id { sessionAt[position] = nil }
      records[id] = nil
      store.put(id, nil)
      lastUse[id] = nil
    }
  }
}
