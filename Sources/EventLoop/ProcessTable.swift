import CLinux
import Glibc

/// A process by id and start time: the pair is never reused, a bare id is.
public struct ProcessIdentity: Hashable, Sendable {
  public let pid: Int32
  /// Clock ticks since boot (proc(5), field 22 of stat).
  public let startTime: UInt64

  public init(pid: Int32, startTime: UInt64) {
    self.pid = pid
    self.startTime = startTime
  }

  /// Whether it still runs (a zombie does not).
  public var isAlive: Bool {
    guard let entry = ProcessTable.entry(pid) else { return false }
    return entry.identity == self && !entry.isZombie
  }

  /// Sends `signal` if the id still belongs to this very process.
  public func signal(_ signal: Int32) {
    guard ProcessTable.entry(pid)?.identity == self else { return }
    kill(pid, signal)
  }
}

/// A look at the system's processes, from /proc.
public struct ProcessTable: Sendable {
  public struct Entry: Sendable {
    public let identity: ProcessIdentity
    public let parent: Int32
    public let isZombie: Bool
  }

  public let entries: [Entry]

  /// Reads the table now. About 4 µs per process.
  public init() {
    var entries: [Entry] = []
    if let directory = unsafe opendir("/proc") {
      while let item = unsafe readdir(directory) {
        let first = unsafe item.pointee.d_name.0
        guard first >= 0x31, first <= 0x39 else { continue }
        let name = unsafe withUnsafePointer(to: &item.pointee.d_name) { pointer in
          unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if let pid = Int32(name), let entry = ProcessTable.entry(pid) { entries.append(entry) }
      }
      unsafe closedir(directory)
    }
    self.entries = entries
  }

  /// All that descend from `pid`, itself excluded.
  public func descendants(of pid: Int32) -> Set<ProcessIdentity> {
    let children = Dictionary(grouping: entries, by: \.parent)
    var found: Set<ProcessIdentity> = []
    var open = [pid]
    while let parent = open.popLast() {
      for child in children[parent] ?? [] where found.insert(child.identity).inserted {
        open.append(child.identity.pid)
      }
    }
    return found
  }

  /// Processes whose parent is gone (they belong to `init` or to us) and whose environment carries `marker`
  /// (`NAME=value`).
  public func orphans(marker: String) -> Set<ProcessIdentity> {
    let adopters: Set<Int32> = [1, getpid()]
    let needle = Array(marker.utf8)
    return Set(
      entries.filter { adopters.contains($0.parent) && !$0.isZombie }
        .map(\.identity)
        .filter { ProcessTable.environment(of: $0.pid).contains { $0.elementsEqual(needle) } })
  }

  static func entry(_ pid: Int32) -> Entry? {
    // The command's name stands in parentheses and may hold anything, parentheses too: count from the last one.
    guard let stat = contents("/proc/\(pid)/stat"), let end = stat.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = stat[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let parent = Int32(text(fields[1])), let start = UInt64(text(fields[19])) else {
      return nil
    }
    let state = fields[0].first
    return Entry(
      identity: ProcessIdentity(pid: pid, startTime: start), parent: parent,
      isZombie: state == UInt8(ascii: "Z") || state == UInt8(ascii: "X"))
  }

  private static func environment(of pid: Int32) -> [ArraySlice<UInt8>] {
    contents("/proc/\(pid)/environ")?.split(separator: 0) ?? []
  }

  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(descriptor, &part, part.count)
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes.append(contentsOf: part[..<count])
    }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
