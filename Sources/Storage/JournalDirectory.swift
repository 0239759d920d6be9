import Bytes
import Glibc
import System

/// Stores each journal in a file of its own, `<name>.journal`. A file is open only during an operation, so that
/// journals cost no descriptors.
public actor JournalDirectory: JournalStorage {
  private let executor = BackgroundExecutor(label: "journals")
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  private let path: String
  private var isMade = false
  private static let suffix = ".journal"

  /// - Parameter path: of the directory; it is created with the first journal, with mode 0700. Its parent must exist.
  public init(path: String) { self.path = path }

  public func append(_ records: [UInt8], to name: String) throws(StorageError) {
    if !isMade {
      try make()
    }
    let file = try open(name, O_WRONLY | O_APPEND | O_CREAT)
    defer { close(file) }
    do {
      try Descriptor.write(JournalRecord.sealed(records), to: file)
    } catch {
      throw StorageError(filePath(name), error)
    }
  }

  public func read(_ name: String, from offset: Int, limit: Int) throws(StorageError) -> [UInt8] {
    let file = try open(name, O_RDONLY)
    defer { close(file) }
    let (records, isDamaged) = try records(of: file, name, from: offset, limit: limit)
    guard !isDamaged || !records.isEmpty else {
      throw StorageError("\(filePath(name)): damaged at byte \(offset)")
    }
    return records
  }

  public func remove(_ name: String) { unsafe unlink(filePath(name)) }

  public func setAside(_ name: String) { unsafe rename(filePath(name), "\(filePath(name)).damaged") }

  public func recover(noting kind: UInt8) throws(StorageError) -> [RecoveredJournal] {
    guard let names = names() else { return [] }
    // Damaged journals are truncated or removed, which must not happen in another user's directory.
    guard isOurs else { throw foreign }
    var journals: [RecoveredJournal] = []
    for name in names {
      do throws(StorageError) {
        if let journal = try recover(name, noting: kind) { journals.append(journal) } else { remove(name) }
      } catch {
        setAside(name)
      }
    }
    return journals
  }

  /// Nil for a journal without a whole record.
  private func recover(_ name: String, noting noted: UInt8) throws(StorageError) -> RecoveredJournal? {
    let file = try open(name, O_RDWR)
    defer { close(file) }
    var offset = 0
    var (first, newest): ([UInt8]?, [UInt8]?)
    var last: (kind: UInt8, payload: [UInt8]) = (0, [])
    var isDamaged = false
    while !isDamaged {
      let found = try records(of: file, name, from: offset, limit: JournalDirectory.pageLength)
      isDamaged = found.isDamaged
      guard !found.records.isEmpty else { break }
      var place = 0
      while case .record(let kind, let payload) = JournalRecord.find(in: found.records.span, at: place, checks: false) {
        place = payload.upperBound
        if first == nil { first = Array(found.records[payload]) }
        if kind == noted { newest = Array(found.records[payload]) }
        if place == found.records.count { last = (kind, Array(found.records[payload])) }
      }
      offset += found.records.count
    }
    guard ftruncate(file, offset) == 0 else { throw StorageError.system(filePath(name)) }
    guard let first else { return nil }
    return RecoveredJournal(
      name: name, length: offset, first: first, lastKind: last.kind, last: last.payload, noted: newest)
  }

  /// How much is read at once when a whole journal is read.
  private static let pageLength = 1024 * 1024

  /// Whole records from `offset` on, and whether damage follows them.
  private func records(
    of file: Int32, _ name: String, from offset: Int, limit: Int
  ) throws(StorageError) -> (records: [UInt8], isDamaged: Bool) {
    var bytes = try bytes(of: file, name, from: offset, count: max(limit, JournalRecord.headerLength))
    // A record that is longer than the limit is read nevertheless.
    if case .part(let length) = JournalRecord.find(in: bytes.span, at: 0, checks: true), length > bytes.count,
      bytes.count >= JournalRecord.headerLength
    {
      bytes = try self.bytes(of: file, name, from: offset, count: length)
    }
    let whole = JournalRecord.wholeLength(of: bytes)
    let isDamaged =
      switch JournalRecord.find(in: bytes.span, at: whole, checks: true) {
      case .damaged: true
      // At the end of a page an incomplete record is only the beginning of the next page.
      case .part: whole < bytes.count && bytes.count < limit || whole == 0 && !bytes.isEmpty
      case .record: false
      }
    return (Array(bytes[..<whole]), isDamaged)
  }

  private func bytes(
    of file: Int32, _ name: String, from offset: Int, count: Int
  ) throws(StorageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var length = 0
    while length < count {
      let read = unsafe bytes.withUnsafeMutableBytes {
        unsafe pread(file, $0.baseAddress?.advanced(by: length), count - length, offset + length)
      }
      guard read >= 0 || errno == EINTR else { throw StorageError.system(filePath(name)) }
      if read == 0 { break }
      length += max(0, read)
    }
    bytes.removeLast(count - length)
    return bytes
  }

  // MARK: Files

  /// An existing directory must belong to this user alone: other writers could make the server write anywhere.
  private func make() throws(StorageError) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw StorageError.system(path) }
    guard isOurs else { throw foreign }
    isMade = true
  }

  private var foreign: StorageError { StorageError("\(path) is not a directory of this user alone") }

  private var isOurs: Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return false }
    return status.st_uid == geteuid() && status.st_mode & 0o022 == 0
  }

  private func filePath(_ name: String) -> String { "\(path)/\(name)\(JournalDirectory.suffix)" }

  private func open(_ name: String, _ flags: Int32) throws(StorageError) -> Int32 {
    let file = unsafe Glibc.open(filePath(name), flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw StorageError.system(filePath(name)) }
    return file
  }

  /// Nil if there is no directory.
  private func names() -> [String]? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(JournalDirectory.suffix) { names.append(String(name.dropLast(JournalDirectory.suffix.count))) }
    }
    return names.sorted()
  }
}

extension StorageError {
  init(_ path: String, _ error: SystemCallError) {
    self.init("\(path): \(unsafe String(cString: strerror(error.code)))")
  }

  /// The failure of the system call that was just made.
  static func system(_ path: String) -> StorageError { StorageError(path, SystemCallError("", code: errno)) }
}
