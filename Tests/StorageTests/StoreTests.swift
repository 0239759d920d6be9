import Bytes
import Glibc
import Storage
import StorageTestSupport
import Synchronization
import System
import TestSupport
import Testing

/// What every store keeps to.
@Suite(.bounded)
struct StoreTests {
  enum Kind: CaseIterable, Sendable {
    case memory, file
  }

  private let directory = TemporaryDirectory()

  private func contract(_ kind: Kind) -> StoreContract {
    let path = "\(directory.path)/store"
    return switch kind {
    case .memory: StoreContract { MemoryStore() }
    case .file: StoreContract { FileStore(path: path) }
    }
  }

  @Test("a new store is empty", arguments: Kind.allCases)
  func empty(kind: Kind) async {
    let findings = await contract(kind).empty()
    #expect(findings == [])
  }

  @Test("the last put of a key counts, and nil removes it", arguments: Kind.allCases)
  func lastPut(kind: Kind) async {
    let findings = await contract(kind).lastPut()
    #expect(findings == [])
  }

  @Test("keys and values come back exactly", arguments: Kind.allCases)
  func exactness(kind: Kind) async {
    let findings = await contract(kind).exactness()
    #expect(findings == [])
  }

  @Test("concurrent puts are all kept", arguments: Kind.allCases)
  func concurrency(kind: Kind) async {
    let findings = await contract(kind).concurrency()
    #expect(findings == [])
  }

  @Test("a file store keeps its documents across a restart")
  func durability() async {
    let findings = await contract(.file).durability()
    #expect(findings == [])
  }

  /// A store that breaks the contract.
  private final class ForgetfulStore: Store {
    private let inner = MemoryStore()

    func load() async throws(StorageError) -> [String: JSONValue] { try await inner.load() }
    func put(_ key: String, _ value: JSONValue?) { if value != nil { inner.put(key, value) } }
    func flush() async throws(StorageError) {}
    var failure: StorageError? { nil }
  }

  @Test("the contract rejects a store that ignores removals")
  func broken() async {
    let contract = StoreContract { ForgetfulStore() }
    #expect(await contract.empty() == [])
    #expect(await contract.lastPut().count == 1)
    #expect(await contract.durability().count == 2)
  }
}

/// What is the file's own.
@Suite(.bounded)
struct FileStoreTests {
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/store" }

  @Test("a torn last line is skipped, and later puts are kept")
  func tornTail() async throws {
    for tail in [#"{"key":"b","val"#, #"{"key":"b","value":2}"#, "\u{0}\u{0}", "7"] {
      directory.write(#"{"key":"a","value":1}"# + "\n" + tail, to: "store")
      let store = FileStore(path: path)
      let found = try await store.load()
      #expect(found["a"] == 1)
      store.put("c", 3)
      try await store.flush()
      let again = try await FileStore(path: path).load()
      #expect(again == found.merging(["c": 3]) { $1 })
    }
  }

  @Test("outdated lines are removed beyond the tolerated number", arguments: [-1, 0, 1])
  func compaction(over: Int) async throws {
    let store = FileStore(path: path)
    let limit = 2 + FileStore.toleratedWaste
    for n in 0..<(limit + over) {
      store.put("a", JSONValue(n))
      try await store.flush()
    }
    let lines = try #require(directory.text(of: "store")).split(separator: "\n").count
    #expect(lines == (over > 0 ? 1 : limit + over))
    let found = try await FileStore(path: path).load()
    #expect(found == ["a": JSONValue(limit + over - 1)])
  }

  @Test("an unreadable file is an error rather than an empty store")
  func unreadable() async throws {
    directory.write("", to: "file")
    await #expect(throws: StorageError.self) { _ = try await FileStore(path: "\(directory.path)/file/store").load() }
  }

  @Test("a failure is reported once per outage, and everything is written when it ends")
  func outage() async throws {
    // A directory in the file's place: it can be neither opened nor replaced.
    try #require(unsafe mkdir(path, 0o700) == 0)
    let reports = Lock<[StorageError?]>([])
    let store = FileStore(path: path) { failure in reports.withLock { $0.append(failure) } }
    for n in 1...3 {
      store.put("a", JSONValue(n))
      await #expect(throws: StorageError.self) { try await store.flush() }
    }
    #expect(reports.withLock { $0.count } == 1)
    #expect(store.failure?.description.hasPrefix(path) == true)
    #expect(reports.withLock { $0.first }??.description.hasPrefix(path) == true)
    try #require(unsafe rmdir(path) == 0)
    store.put("b", 1)
    try await store.flush()
    #expect(reports.withLock { $0.count } == 2)
    #expect(reports.withLock { $0.last } == .some(nil))
    #expect(store.failure == nil)
    let found = try await FileStore(path: path).load()
    #expect(found == ["a": 3, "b": 1])
  }
}
