/// Keeps journals: sequences of records that grow at the end, each under a name. Nothing here runs on the caller's thread.
public protocol JournalStorage: Sendable {
  /// Adds whole records (see `JournalRecord`) at the end of a journal; the first ones make it.
  ///
  /// - Throws: `StorageError` when they are not kept, or not all of them.
  func append(_ records: [UInt8], to name: String) async throws(StorageError)

  /// Whole records from `offset` on: as many as `limit` bytes hold, but at least one. Empty at the end.
  ///
  /// - Throws: `StorageError` when the journal cannot be read, or what stands there is damaged.
  func read(_ name: String, from offset: Int, limit: Int) async throws(StorageError) -> [UInt8]

  func remove(_ name: String) async

  /// Moves a journal that cannot be used out of the way: it is not recovered again, and a person can look at it.
  func setAside(_ name: String) async

  /// All journals, each cut behind its last whole record: what was being written when the program was killed
  /// is gone, and what is appended next can be read. One that cannot be read is set aside.
  ///
  /// - Parameter kind: of which the newest record is to be told, too.
  /// - Throws: `StorageError` when none can be read.
  func recover(noting kind: UInt8) async throws(StorageError) -> [RecoveredJournal]
}

/// A journal of a former life.
public struct RecoveredJournal: Sendable, Equatable {
  public let name: String
  /// In bytes.
  public let length: Int
  /// The payload of the first record.
  public let first: [UInt8]
  /// The kind and payload of the last one.
  public let lastKind: UInt8
  public let last: [UInt8]
  /// The payload of the newest record of the kind that was asked for.
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
