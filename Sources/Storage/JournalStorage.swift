/// Stores journals: sequences of records that grow at the end, each under a name. Nothing runs on the caller's thread.
public protocol JournalStorage: Sendable {
  /// Appends whole records (see `JournalRecord`) to a journal; the first ones create it.
  ///
  /// - Throws: `StorageError` if not all of them are stored.
  func append(_ records: [UInt8], to name: String) async throws(StorageError)

  /// Whole records from `offset` on: as many as fit into `limit` bytes, but at least one. Empty at the end.
  ///
  /// - Throws: `StorageError` if the journal cannot be read, or is damaged there.
  func read(_ name: String, from offset: Int, limit: Int) async throws(StorageError) -> [UInt8]

  func remove(_ name: String) async

  /// Renames a journal that cannot be used: it is not recovered again, and a person can examine it.
  func setAside(_ name: String) async

  /// All journals, each truncated after its last whole record: an incomplete record of a killed server is gone, and
  /// later records can be read. Journals that cannot be read are set aside.
  ///
  /// - Parameter kind: the newest record of this kind is returned, too.
  /// - Throws: `StorageError` if none can be read.
  func recover(noting kind: UInt8) async throws(StorageError) -> [RecoveredJournal]
}

/// A journal of a previous process.
public struct RecoveredJournal: Sendable, Equatable {
  public let name: String
  /// In bytes.
  public let length: Int
  /// The payload of the first record.
  public let first: [UInt8]
  /// The kind and payload of the last one.
  public let lastKind: UInt8
  public let last: [UInt8]
  /// The payload of the newest record of the requested kind.
  public let noted: [UInt8]?

  public init(name: String, length: Int, first: [UInt8], lastKind: UInt8, last: [UInt8], noted: [UInt8]?) {
    self.name = name
    self.length = length
    self.first = first
    self.lastKind = lastKind
    self.last = last
    self.noted = noted
  }
}
