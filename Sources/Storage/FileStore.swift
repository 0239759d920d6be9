public import Bytes
import EventLoop
import Synchronization
import Glibc

/// Keeps things in one file, a line for each put. Writing is done elsewhere than on the caller's thread, in the order of
/// the puts; a line that was cut by a crash is left out when the file is read. When most of the lines say what others
/// have said better since, the file is written anew beside the old one and takes its place.
public final class FileStore: Store {
  private let writer: Writer
  private let pending = Lock<Pending>(Pending())

  private struct Pending {
    var lines: [(key: String, value: JSONValue?)] = []
    var isDraining = false
  }

  /// Lines that may be out of date before the file is written anew, beside as many as there are good ones.
  public static let toleratedWaste = 1000

  /// - Parameter path: of the file; it is made if it is not there, for nobody else to read. Its directory must exist.
  public init(path: String) { writer = Writer(path) }

  public func load() async throws(StorageError) -> [String: JSONValue] { try await writer.load() }

  public func put(_ key: String, _ value: JSONValue?) {
    let mustStart = pending.withLock { pending in
      pending.lines.append((key, value))
      defer { pending.isDraining = true }
      return !pending.isDraining
    }
    if mustStart { Task.detached { await self.drain() } }
  }

  public func flush() async { await drain() }

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
  /// Owns the file; one after the other, away from the loop.
  private actor Writer {
    private let executor = BackgroundExecutor(label: "store")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let path: String
    private var descriptor: Int32 = -1
    private var values: [String: JSONValue] = [:]
    private var lines = 0

    init(_ path: String) { self.path = path }

    func load() throws(StorageError) -> [String: JSONValue] {
      values = [:]
      lines = 0
      guard let bytes = try FileStore.contents(path) else { return [:] }
      for line in bytes.split(separator: Ascii.lineFeed) {
        lines += 1
        guard let record = try? JSONValue(parsing: Array(line)), let key = record["key"]?.string else { continue }
        values[key] = record["value"]
      }
      // Whatever the last line was, the next one begins on its own.
      if bytes.last != nil, bytes.last != Ascii.lineFeed { rewrite() }
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
      guard !output.isEmpty else { return }
      if lines > 2 * values.count + FileStore.toleratedWaste { return rewrite() }
      if descriptor < 0 { descriptor = FileStore.open(path, O_APPEND) }
      FileStore.write(output.bytes, to: descriptor)
    }

    private func rewrite() {
      let fresh = "\(path).new"
      let file = FileStore.open(fresh, O_TRUNC)
      guard file >= 0 else { return }
      var output = ByteBuffer()
      for key in values.keys.sorted() {
        FileStore.record(key, values[key]).write(to: &output)
        output.append(Ascii.lineFeed)
      }
      FileStore.write(output.bytes, to: file)
      // Whole on the disk before it takes the old one's place.
      fsync(file)
      guard unsafe rename(fresh, path) == 0 else {
        close(file)
        return
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

  private static func open(_ path: String, _ flags: Int32) -> Int32 {
    unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while descriptor >= 0, !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(0, count))
    }
  }

  private static func contents(_ path: String) throws(StorageError) -> [UInt8]? {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw StorageError("\(path): \(unsafe String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe Glibc.read(descriptor, &part, part.count)
      guard count >= 0 else { throw StorageError("\(path): \(unsafe String(cString: strerror(errno)))") }
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: part[..<count])
    }
  }
}
