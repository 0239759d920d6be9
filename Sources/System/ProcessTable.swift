import CLinux
import Glibc

/// A process by id and start time: the pair is never reused, but the id is.
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

  /// Whether it is still listed, running or as an unreaped zombie.
  package var isListed: Bool { ProcessTable.entry(pid)?.identity == self }

  /// Sends `signal` if the id still belongs to this process.
  public func signal(_ signal: Int32) {
    guard isListed else { return }
    kill(pid, signal)
  }
}

/// A snapshot of the system's processes, from /proc.
public struct ProcessTable: Sendable {
  public struct Entry: Sendable {
    public let identity: ProcessIdentity
    public let parent: Int32
    public let isZombie: Bool
  }

  public let entries: [Entry]

  init(entries: [Entry]) { self.entries = entries }

  /// The current time in the unit of start times: clock ticks since boot.
  public static var now: UInt64 {
    // Seconds with hundredths, and another number (proc(5), uptime).
    let uptime = firstLine("/proc/uptime")?.split(separator: " ").first.map(String.init) ?? ""
    let digits = uptime.split(separator: ".").compactMap { UInt64($0) }
    guard digits.count == 2 else { return 0 }
    return (digits[0] * 100 + digits[1]) * UInt64(sysconf(Int32(_SC_CLK_TCK))) / 100
  }

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

  /// All descendants of `pid`.
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

  /// `pid` and all its ancestors.
  package func lineage(of pid: Int32) -> Set<Int32> {
    let parents = Dictionary(entries.map { ($0.identity.pid, $0.parent) }) { first, _ in first }
    var found: Set<Int32> = []
    var next: Int32? = pid
    while let member = next, found.insert(member).inserted { next = parents[member] }
    return found
  }

  /// Running children of `pid` that are neither in `live` nor in `inherited`, and all their descendants.
  package func strays(of pid: Int32, excluding live: Set<Int32>, _ inherited: Set<ProcessIdentity>) -> Set<
    ProcessIdentity
  > {
    let roots = entries.filter {
      $0.parent == pid && !$0.isZombie && !live.contains($0.identity.pid) && !inherited.contains($0.identity)
    }
    return roots.reduce(into: []) { found, root in
      found.insert(root.identity)
      found.formUnion(descendants(of: root.identity.pid))
    }
  }

  /// The number of unreaped zombies below `pid`, if there may be more than `limit`; else 0. Cheap: the whole table is
  /// read only for a process with so many children.
  package static func zombies(of pid: Int32, beyond limit: Int) -> Int {
    let children = contents("/proc/\(pid)/task/\(pid)/children") ?? []
    guard children.count(where: { $0 == UInt8(ascii: " ") }) > limit else { return 0 }
    let zombies = ProcessTable().entries.count { $0.parent == pid && $0.isZombie }
    return zombies > limit ? zombies : 0
  }

  /// Unreaped zombies of this process.
  package var ownZombies: [Int32] { entries.filter { $0.isZombie && $0.parent == getpid() }.map(\.identity.pid) }

  /// Processes whose parent is gone (now children of `init` or of this process) and whose environment has one of
  /// `markers` (`NAME=value`), each with its marker.
  ///
  /// - Parameter excluding: live children of this process.
  public func orphans(markers: Set<String>, excluding: Set<Int32> = []) -> [ProcessIdentity: String] {
    let adopters: Set<Int32> = [1, getpid()]
    var found: [ProcessIdentity: String] = [:]
    for entry in entries
    where adopters.contains(entry.parent) && !entry.isZombie && !excluding.contains(entry.identity.pid) {
      let environment = ProcessTable.environment(of: entry.identity.pid).map { String(decoding: $0, as: UTF8.self) }
      if let marker = environment.first(where: markers.contains) { found[entry.identity] = marker }
    }
    return found
  }

  /// Processes whose environment has `variable`, each with its value. Those of other users cannot be read.
  package func marked(_ variable: String) -> [ProcessIdentity: String] {
    let prefix = Array("\(variable)=".utf8)
    var found: [ProcessIdentity: String] = [:]
    for entry in entries where !entry.isZombie {
      let environment = ProcessTable.environment(of: entry.identity.pid)
      guard let line = environment.first(where: { $0.starts(with: prefix) }) else { continue }
      found[entry.identity] = ProcessTable.text(line.dropFirst(prefix.count))
    }
    return found
  }

  package static func entry(_ pid: Int32) -> Entry? {
    // The command's name is in parentheses and may contain anything, even parentheses: fields are counted from the last
    // one.
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
    return try? Descriptor.readAll(descriptor)
  }

  package static func firstLine(_ path: String) -> String? {
    contents(path)?.split(separator: UInt8(ascii: "\n")).first.map(text)
  }

  /// The whole file; empty if it cannot be read.
  static func text(of path: String) -> String { text((contents(path) ?? [])[...]) }

  /// The target of a symbolic link.
  package static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = unsafe readlink(path, &buffer, buffer.count)
    return count > 0 ? text(buffer[..<count].map { UInt8(bitPattern: $0) }[...]) : nil
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
