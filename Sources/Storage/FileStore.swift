public import Bytes
import Synchronization
import Glibc
import System

/// Keeps documents in one file, a line for each put. Lines are written off the caller's thread, in the order of the puts. A
/// line that a crash cut short is left out when the file is read. When most lines are out of date, the file is written
/// anew beside the old one and takes its place.
///
/// After a failure the store still has every document in memory: the next put or flush writes the whole file anew.
public final class FileStore: Store {
  private let writer: Writer
  private let pending = Lock<Pending>(Pending())
  /// Readable without waiting for the writer.
  private let outage: Outage

  private struct Pending {
    var lines: [(key: String, value: JSONValue?)] = []
    var isDraining = false
  }

  /// Lines that may be out of date before the file is written anew, besides as many as there are documents.
  public static let toleratedWaste = 1000

  /// - Parameters:
  ///   - path: of the file; it is made with mode 0600 if it is missing. Its directory must exist.
  ///   - onChange: called off the caller's thread with the error when writing begins to fail, and with nil when it works
  ///     again.
  public init(path: String, onChange: @escaping @Sendable (StorageError?) -> Void = { _ in }) {
    let outage = Outage()
    self.outage = outage
    writer = Writer(path) { failure in
      outage.failure.withLock { $0 = failure }
      onChange(failure)
    }
  }

  public var failure: StorageError? { outage.failure.withLock { $0 } }

  private final class Outage: Sendable {
    let failure = Lock<StorageError?>(nil)
  }

  public func load() async throws(StorageError) -> [String: JSONValue] { try await writer.load() }

  public func put(_ key: String, _ value: JSONValue?) {
    let mustStart = pending.withLock { pending in
      pending.lines.append((key, value))
      defer { pending.isDraining = true }
      return !pending.isDraining
    }
    if mustStart { Task.detached { await self.drain() } }
  }

  public func flush() async throws(StorageError) {
    await drain()
    if let failure = await writer.failure { throw failure }
  }

  private func drain() async {
    await writer.write { self.takePending() }
  }

  private func takePending() -> [(key: String, value: JSONValue?)] {
    pending.withLock { pending in
      defer { pending = Pending() }
      return pending.lines
    }
  }
}

extension FileStore {
  /// Owns the file, off the loop.
  private actor Writer {
    private let executor = BackgroundExecutor(label: "store")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let path: String
    private let onChange: @Sendable (StorageError?) -> Void
    private var descriptor: Int32 = -1
    private var values: [String: JSONValue] = [:]
    private var lines = 0
    /// Why the file does not have every document; nil if it does.
    private(set) var failure: StorageError?

    init(_ path: String, _ onChange: @escaping @Sendable (StorageError?) -> Void) {
      self.path = path
      self.onChange = onChange
    }

    func load() throws(StorageError) -> [String: JSONValue] {
      values = [:]
      lines = 0
      guard let bytes = try FileStore.contents(path) else { return [:] }
      for line in bytes.split(separator: Ascii.lineFeed) {
        lines += 1
        guard let record = try? JSONValue(parsing: Array(line)), let key = record["key"]?.string else { continue }
        values[key] = record["value"]
      }
      // The next line must not continue one that was cut short.
      if bytes.last != nil, bytes.last != Ascii.lineFeed { attempt { () throws(StorageError) in try rewrite() } }
      return values
    }

    func write(_ take: @Sendable () -> [(key: String, value: JSONValue?)]) {
      var output = ByteBuffer()
      for (key, value) in take() {
        values[key] = value
        lines += 1
        FileStore.record(key, value).write(to: &output)
        output.append(Ascii.lineFeed)
      }
      guard !output.isEmpty || failure != nil else { return }
      // After a failure the file may end in a part of a line.
      let isStale = failure != nil || lines > 2 * values.count + FileStore.toleratedWaste
      attempt { () throws(StorageError) in
        if isStale { try rewrite() } else { try append(output.bytes) }
      }
    }

    private func attempt(_ body: () throws(StorageError) -> Void) {
      do throws(StorageError) {
        try body()
        if failure != nil { onChange(nil) }
        failure = nil
      } catch {
        if failure == nil { onChange(error) }
        failure = error
      }
    }

    private func append(_ bytes: [UInt8]) throws(StorageError) {
      if descriptor < 0 { descriptor = try FileStore.open(path, O_APPEND) }
      try FileStore.write(bytes, to: descriptor, path)
    }

    private func rewrite() throws(StorageError) {
      let fresh = "\(path).new"
      let file = try FileStore.open(fresh, O_TRUNC)
      do throws(StorageError) {
        var output = ByteBuffer()
        for key in values.keys.sorted() {
          FileStore.record(key, values[key]).write(to: &output)
          output.append(Ascii.lineFeed)
        }
        try FileStore.write(output.bytes, to: file, fresh)
        // On the disk before it takes the old one's place.
        guard fsync(file) == 0, unsafe rename(fresh, path) == 0 else { throw StorageError.system(path) }
      } catch {
        close(file)
        throw error
      }
      if descriptor >= 0 { close(descriptor) }
      descriptor = file
      lines = values.count
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
  }

  private static func record(_ key: String, _ value: JSONValue?) -> JSONValue {
    var record: JSONObject = ["key": .string(key)]
    if let value { record["value"] = value }
    return .object(record)
  }

  private static func open(_ path: String, _ flags: Int32) throws(StorageError) -> Int32 {
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
    guard descriptor >= 0 else { throw StorageError.system(path) }
    return descriptor
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(StorageError) {
    do {
      try Descriptor.write(bytes, to: descriptor)
    } catch {
      throw StorageError(path, error)
    }
  }

  private static func contents(_ path: String) throws(StorageError) -> [UInt8]? {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw StorageError.system(path)
    }
    defer { close(descriptor) }
    do {
      return try Descriptor.readAll(descriptor)
    } catch {
      throw StorageError(path, error)
    }
  }
}
