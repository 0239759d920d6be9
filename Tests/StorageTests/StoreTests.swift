import Bytes
import Glibc
import Storage
import Synchronization
import System
import TestSupport
import Testing

/// What every store keeps to.
struct StoreTests {
  enum Kind: CaseIterable, Sendable {
    case memory, file
  }

  private let directory = TemporaryDirectory()

  private func store(_ kind: Kind) -> any Store {
    switch kind {
    case .memory: MemoryStore()
    case .file: FileStore(path: "\(directory.path)/store")
    }
  }

  @Test("a store that nothing was put into is empty", arguments: Kind.allCases)
  func empty(kind: Kind) async throws {
    let found = try await store(kind).load()
    #expect(found.isEmpty)
  }

  @Test("what was put last is kept; what was put away is gone", arguments: Kind.allCases)
  func last(kind: Kind) async throws {
    let store = store(kind)
    store.put("a", ["n": 1])
    store.put("b", "x\ny")
    store.put("c", nil)
    store.put("a", ["n": 2])
    store.put("b", nil)
    store.put("b", "z")
    store.put("d", 4)
    store.put("d", nil)
    try await store.flush()
    let found = try await store.load()
    #expect(found == ["a": ["n": 2], "b": "z"])
  }

  @Test("keys and values are taken as they are", arguments: Kind.allCases, ["", "a b", "\"\\\n", "ä🎉\u{2028}", "key"])
  func keys(kind: Kind, key: String) async throws {
    let store = store(kind)
    store.put(key, .string(key))
    try await store.flush()
    let found = try await store.load()
    #expect(found == [key: .string(key)])
  }

  @Test("many puts at once are all kept, each key with its last", arguments: Kind.allCases)
  func many(kind: Kind) async throws {
    let store = store(kind)
    await withTaskGroup(of: Void.self) { group in
      for key in 0..<8 { group.addTask { for n in 0..<200 { store.put("\(key)", JSONValue(n)) } } }
    }
    try await store.flush()
    let found = try await store.load()
    #expect(found == Dictionary(uniqueKeysWithValues: (0..<8).map { ("\($0)", JSONValue(199)) }))
  }
}

/// What is the file's own.
struct FileStoreTests {
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/store" }

  @Test("another store finds in the file what the first has put")
  func restart() async throws {
    let first = FileStore(path: path)
    first.put("a", 1)
    first.put("b", 2)
    first.put("a", nil)
    try await first.flush()
    let second = FileStore(path: path)
    let found = try await second.load()
    #expect(found == ["b": 2])
    second.put("c", 3)
    try await second.flush()
    let third = try await FileStore(path: path).load()
    #expect(third == ["b": 2, "c": 3])
  }

  @Test("a line that a crash has cut is left out, and what is put afterwards is kept")
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

  @Test("lines that are out of date do not pile up for ever", arguments: [-1, 0, 1])
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

  @Test("a file that cannot be read is an error, not an empty store")
  func unreadable() async throws {
    directory.write("", to: "file")
    await #expect(throws: StorageError.self) { _ = try await FileStore(path: "\(directory.path)/file/store").load() }
  }

  @Test("failures are reported once, and everything is written when the disk works again")
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
    #expect(reports.withLock { $0.first }??.description.hasPrefix(path) == true)
    try #require(unsafe rmdir(path) == 0)
    store.put("b", 1)
    try await store.flush()
    #expect(reports.withLock { $0.count } == 2)
    #expect(reports.withLock { $0.last } == .some(nil))
    let found = try await FileStore(path: path).load()
    #expect(found == ["a": 3, "b": 1])
  }
}
