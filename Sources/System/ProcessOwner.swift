import Glibc

/// The server process that a process belongs to. It is stored in the environment of everything that is started, so that
/// a later server can find what its predecessor left behind.
public struct ProcessOwner: Hashable, Sendable {
  /// The machine's boot, and the namespace of process ids: elsewhere the same id means another process.
  private let boot: String
  private let namespace: String
  private let identity: ProcessIdentity

  /// This process.
  public static let current = ProcessOwner(
    boot: ProcessTable.firstLine("/proc/sys/kernel/random/boot_id") ?? "",
    namespace: ProcessTable.link("/proc/self/ns/pid") ?? "",
    identity: ProcessTable.entry(getpid())?.identity ?? ProcessIdentity(pid: getpid(), startTime: 0))

  private init(boot: String, namespace: String, identity: ProcessIdentity) {
    self.boot = boot
    self.namespace = namespace
    self.identity = identity
  }

  /// The variable that holds the marker.
  public static let variable = "CLAUDE_CODE_SERVER_PROCESS"

  /// - Parameter id: distinguishes the processes of one owner.
  public func marker(_ id: String) -> (name: String, value: String) {
    (ProcessOwner.variable, "\(boot)/\(namespace)/\(identity.pid)/\(identity.startTime)/\(id)")
  }

  /// The owner that a marker names; nil for other text.
  package init?(marker value: String) {
    let parts = value.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, let pid = Int32(parts[2]), let start = UInt64(parts[3]), start > 0 else { return nil }
    self.init(boot: parts[0], namespace: parts[1], identity: ProcessIdentity(pid: pid, startTime: start))
  }

  /// Whether the owner has run here and no longer runs. Nothing is known of an owner from elsewhere.
  package var isGone: Bool {
    boot == ProcessOwner.current.boot && namespace == ProcessOwner.current.namespace && !identity.isAlive
  }
}
