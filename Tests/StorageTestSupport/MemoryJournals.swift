import Bytes
package import EventLoop
package import Storage

/// A storage of journals that a test can hold up, or break.
@Reactor
package final class MemoryJournals: JournalStorage {
  package private(set) var journals: [String: [UInt8]] = [:]
  package private(set) var setAside: [String] = []
  package private(set) var reads = 0
  /// Whether the storage fails.
  package var isBroken = false
  /// Whether appending waits.
  package var isHeld = false { didSet { if !isHeld { release() } } }
  /// Journals of a previous process, beside those in memory.
  package var recovered: [RecoveredJournal] = []
  private var waiting: [CheckedContinuation<Void, Never>] = []

  package nonisolated init() {}

  @Reactor package func append(_ records: [UInt8], to name: String) async throws(StorageError) {
    if isHeld { await withCheckedContinuation { waiting.append($0) } }
    if isBroken { throw StorageError("no space left") }
    journals[name, default: []] += records
  }

  private func release() {
    let waiting = self.waiting
    self.waiting = []
    for waiter in waiting { waiter.resume() }
  }

  @Reactor package func read(_ name: String, from offset: Int, limit: Int) async throws(StorageError) -> [UInt8] {
    reads += 1
    guard !isBroken, let journal = journals[name] else { throw StorageError("no journal \(name)") }
    var end = offset
    while case .record(_, let payload) = JournalRecord.find(in: journal.span, at: end, checks: false) {
      guard end == offset || payload.upperBound - offset <= limit else { break }
      end = payload.upperBound
    }
    return Array(journal[offset..<end])
  }

  @Reactor package func remove(_ name: String) async { journals[name] = nil }

  @Reactor package func setAside(_ name: String) async {
    journals[name] = nil
    setAside.append(name)
  }

  @Reactor package func recover(noting kind: UInt8) async throws(StorageError) -> [RecoveredJournal] {
    journals.sorted { $0.key < $1.key }.compactMap { MemoryJournals.recovered($0, $1, noting: kind) } + recovered
  }

  private static func recovered(_ name: String, _ journal: [UInt8], noting kind: UInt8) -> RecoveredJournal? {
    var (offset, records) = (0, [(kind: UInt8, payload: [UInt8])]())
    while case .record(let kind, let payload) = JournalRecord.find(in: journal.span, at: offset, checks: false) {
      records.append((kind, Array(journal[payload])))
      offset = payload.upperBound
    }
    guard let first = records.first, let last = records.last else { return nil }
    return RecoveredJournal(
      name: name, length: offset, first: first.payload, lastKind: last.kind, last: last.payload,
      noted: records.last { $0.kind == kind }?.payload)
  }
}
