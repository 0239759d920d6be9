import CLinux
import Glibc
import Synchronization

/// Properties of this process.
public enum ProcessControl {
  /// Makes descendants that lose their parent children of this process instead of `init`; see `FamilyReaper`. To be
  /// called before the first child is started: existing children (of a shell that became this program) are left alone.
  public static func becomeSubreaper() {
    guard clinux_set_subreaper() == 0 else { return }
    let children = ProcessTable().entries.filter { $0.parent == getpid() }
    inherited.withLock { $0 = Set(children.map(\.identity)) }
  }

  /// The children that this process had when it became a subreaper; nil if it is none.
  package static var inheritedChildren: Set<ProcessIdentity>? { inherited.withLock { $0 } }

  private static let inherited = Lock<Set<ProcessIdentity>?>(nil)

  /// Raises the limit of open descriptors as far as permitted: a stream takes five, and the usual limit is 1024.
  ///
  /// - Returns: the limit that applies now.
  @discardableResult
  public static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(resource, &limit) == 0 else { return 0 }
    guard limit.rlim_cur < wantedDescriptors else { return Int(clamping: limit.rlim_cur) }
    let old = limit.rlim_cur
    limit.rlim_cur = min(limit.rlim_max, wantedDescriptors)
    return Int(clamping: unsafe setrlimit(resource, &limit) == 0 ? limit.rlim_cur : old)
  }

  /// Enough for ten thousand streams. Not more, because children inherit it, and some close every possible descriptor
  /// one by one.
  private static let wantedDescriptors: rlim_t = 65_536

  /// Prevents other processes of the same user, such as our children, from reading our memory or environment through
  /// /proc.
  public static func hideMemory() { _ = clinux_set_dumpable(0) }

  /// The environment of this process.
  public static var environment: [String: String] {
    var environment: [String: String] = [:]
    guard var entry = unsafe clinux_environment() else { return [:] }
    while let text = unsafe entry.pointee {
      let parts = unsafe String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
      unsafe entry += 1
    }
    return environment
  }

  public static var processID: Int32 { getpid() }

  /// The path of the running program.
  public static var executablePath: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Milliseconds since 1970.
  public static var wallClockMilliseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  /// Writes all of `bytes` to standard output (1) or standard error (2).
  public static func write(_ bytes: [UInt8], to descriptor: Int32) {
    try? Descriptor.write(bytes, to: descriptor)
  }

  public static func exit(_ status: Int32) -> Never { Glibc.exit(status) }
}
