import Bytes
import Glibc
import StorageTestSupport
import TestSupport
import Testing

@testable import Storage

@Suite(.bounded)
struct JournalRecordTests {
  private func records(_ payloads: String...) -> [UInt8] {
    var output = ByteBuffer()
    for (index, payload) in payloads.enumerated() {
      JournalRecord.append(kind: UInt8(index + 1), Array(payload.utf8).span, to: &output)
    }
    return output.bytes
  }

  @Test("records are found in order, empty ones included")
  func found() {
    let bytes = records("ab", "", "c")
    var kinds: [UInt8] = []
    var payloads: [String] = []
    var offset = 0
    while case .record(let kind, let payload) = JournalRecord.find(in: bytes.span, at: offset, checks: false) {
      kinds.append(kind)
      payloads.append(String(decoding: bytes[payload], as: UTF8.self))
      offset = payload.upperBound
    }
    #expect(kinds == [1, 2, 3])
    #expect(payloads == ["ab", "", "c"])
    #expect(JournalRecord.find(in: bytes.span, at: offset, checks: false) == .part(of: JournalRecord.headerLength))
  }

  @Test("the checksum detects any single-bit change outside the length field")
  func sums() {
    let sealed = JournalRecord.sealed(records("hello", "world"))
    #expect(JournalRecord.wholeLength(of: sealed) == sealed.count)
    let first = JournalRecord.headerLength + 5
    for bit in 0..<(8 * first) {
      var changed = sealed
      changed[bit / 8] ^= 1 << (bit % 8)
      #expect(JournalRecord.wholeLength(of: changed) == 0)
    }
  }

  @Test("truncation leaves all whole records before it readable")
  func torn() {
    let sealed = JournalRecord.sealed(records("hello", "world"))
    let first = JournalRecord.headerLength + 5
    for count in 0..<sealed.count {
      #expect(JournalRecord.wholeLength(of: Array(sealed[..<count])) == (count < first ? 0 : first))
    }
  }

  @Test("limit: payload of a journal record")
  func longest() async throws {
    let outcomes = try await LimitTable.row("payload of a journal's record", JournalRecord.maximumPayload) { offset in
      let length = UInt32(JournalRecord.maximumPayload + offset)
      let header = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: length >> $0) } + [0, 0, 0, 0, 2]
      return JournalRecord.find(in: header.span, at: 0, checks: true) == .damaged ? "refused" : "taken"
    }
    #expect(outcomes == ["taken", "taken", "refused"])
  }
}

/// What every storage of journals keeps to.
@Suite(.bounded)
struct JournalStorageTests {
  enum Kind: CaseIterable, Sendable {
    case memory, directory
  }

  private let directory = TemporaryDirectory()

  private func contract(_ kind: Kind) -> JournalStorageContract {
    switch kind {
    case .memory:
      let journals = MemoryJournals()
      return JournalStorageContract { journals }
    case .directory:
      let path = "\(directory.path)/runs"
      return JournalStorageContract { JournalDirectory(path: path) }
    }
  }

  @Test("records are read in order, in pages of whole records", arguments: Kind.allCases)
  func pages(kind: Kind) async {
    let findings = await contract(kind).pages()
    #expect(findings == [])
  }

  @Test("journals are independent of each other", arguments: Kind.allCases)
  func names(kind: Kind) async {
    let findings = await contract(kind).names()
    #expect(findings == [])
  }

  @Test("a missing journal cannot be read and may be removed", arguments: Kind.allCases)
  func missing(kind: Kind) async {
    let findings = await contract(kind).missing()
    #expect(findings == [])
  }

  @Test("journals are recovered after a restart", arguments: Kind.allCases)
  func recovery(kind: Kind) async {
    let findings = await contract(kind).recovery()
    #expect(findings == [])
  }

  @Test("a journal that is set aside is not recovered", arguments: Kind.allCases)
  func settingAside(kind: Kind) async {
    let findings = await contract(kind).settingAside()
    #expect(findings == [])
  }

  @Test("the contract rejects a storage that loses its journals")
  func broken() async {
    let contract = JournalStorageContract { MemoryJournals() }
    #expect(await contract.pages() == [])
    #expect(!(await contract.recovery().isEmpty))
    #expect(!(await contract.settingAside().isEmpty))
  }
}

/// What is the directory's own.
@Suite(.bounded)
struct JournalDirectoryTests {
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/runs" }
  private var storage: any JournalStorage { JournalDirectory(path: path) }

  private func records(_ payloads: [String], kind: UInt8 = 2) -> [UInt8] {
    JournalRecord.records(payloads, kind: kind)
  }

  @Test("an unwritable directory is an error")
  func unwritable() async throws {
    directory.write("", to: "runs")
    await #expect(throws: StorageError.self) { try await storage.append(records(["a"]), to: "r") }
  }

  @Test("an unreadable journal is set aside, and the others are recovered")
  func unreadable() async throws {
    try await storage.append(records(["only"], kind: 1), to: "a")
    directory.write("theirs", to: "elsewhere")
    try directory.makeLink("runs/b.journal", to: "\(directory.path)/elsewhere")
    #expect(try await storage.recover(noting: 6).map(\.name) == ["a"])
    #expect(directory.text(of: "runs/b.journal") == nil)
    #expect(directory.text(of: "runs/b.journal.damaged") == "theirs")
    #expect(try await storage.recover(noting: 6).map(\.name) == ["a"])
  }

  @Test("a missing directory has no journals")
  func nothing() async throws {
    #expect(try await storage.recover(noting: 6).isEmpty)
  }

  @Test("a directory that is a link, or writable by others, is refused and not changed")
  func foreign() async throws {
    try directory.makeDirectory("elsewhere", mode: 0o700)
    directory.write("theirs", to: "elsewhere/x.journal")
    try directory.makeLink("runs", to: "\(directory.path)/elsewhere")
    try directory.makeDirectory("open", mode: 0o777)
    directory.write("theirs", to: "open/x.journal")
    for name in ["runs", "open"] {
      let storage = JournalDirectory(path: "\(directory.path)/\(name)")
      let error = StorageError("\(directory.path)/\(name) is not a directory of this user alone")
      await #expect(throws: error) { try await storage.append(records(["a"]), to: "r") }
      await #expect(throws: error) { try await storage.recover(noting: 6) }
    }
    #expect(directory.text(of: "elsewhere/x.journal") == "theirs" && directory.text(of: "open/x.journal") == "theirs")
  }

  @Test("journals are readable by their owner only")
  func mode() async throws {
    try await storage.append(records(["a"]), to: "r")
    for (name, mode) in [(path, S_IFDIR | 0o700), ("\(path)/r.journal", S_IFREG | 0o600)] {
      var status = stat()
      #expect(unsafe stat(name, &status) == 0)
      #expect(status.st_mode == mode)
    }
  }
}

/// Journals that were being written when the program was killed.
@Suite(.bounded)
struct TornJournalTests {
  private let directory = TemporaryDirectory()

  private func record(_ payload: String) -> [UInt8] {
    var output = ByteBuffer()
    JournalRecord.append(kind: 2, Array(payload.utf8).span, to: &output)
    return output.bytes
  }

  private func truncate(to length: Int) {
    #expect(unsafe Glibc.truncate("\(directory.path)/r.journal", length) == 0)
  }

  @Test("a torn journal keeps its whole records and can be continued")
  func torn() async throws {
    let (first, second) = (record("first").count, record("second").count)
    for length in 0...(first + second) {
      let storage = JournalDirectory(path: directory.path)
      await storage.remove("r")
      try await storage.append(record("first") + record("second"), to: "r")
      truncate(to: length)
      let found = try await JournalDirectory(path: directory.path).recover(noting: 6)
      let whole = length < first ? 0 : length < first + second ? first : first + second
      #expect(found.map(\.length) == (whole == 0 ? [] : [whole]))
      if whole == 0 {
        #expect(directory.text(of: "r.journal") == nil)
      } else {
        try await storage.append(record("third"), to: "r")
        let bytes = try await storage.read("r", from: 0, limit: 1000)
        #expect(bytes.count == whole + record("third").count)
      }
    }
  }

  @Test("a page never ends within a record", arguments: 1...80)
  func cutPages(limit: Int) async throws {
    let storage = JournalDirectory(path: directory.path)
    let all = (0..<8).flatMap { record(String(repeating: "x", count: $0 * 3)) }
    try await storage.append(all, to: "r")
    var offset = 0
    while offset < all.count {
      let page = try await storage.read("r", from: offset, limit: limit)
      #expect(!page.isEmpty)
      offset += page.count
    }
    #expect(offset == all.count)
  }

  @Test("records before a damaged one are read, and the damage is an error")
  func damaged() async throws {
    let storage = JournalDirectory(path: directory.path)
    try await storage.append(record("first") + record("second"), to: "r")
    let file = unsafe open("\(directory.path)/r.journal", O_WRONLY)
    let place = record("first").count + JournalRecord.headerLength
    #expect(unsafe pwrite(file, "X", 1, place) == 1)
    close(file)
    let page = try await storage.read("r", from: 0, limit: 1000)
    #expect(page.count == record("first").count)
    await #expect(throws: StorageError.self) { try await storage.read("r", from: page.count, limit: 1000) }
    let found = try await JournalDirectory(path: directory.path).recover(noting: 6)
    #expect(found.map(\.length) == [page.count])
  }
}
