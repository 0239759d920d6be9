import Glibc
import System

/// Ends what a server that was killed has left running: CLIs in the middle of a turn, and their tools. It touches only
/// processes whose environment names an owner that is gone, and their descendants; never this process and its
/// ancestors, in case it was started from a session of the dead server.
@Reactor
public struct Orphans {
  private let scheduler: any Scheduler
  /// The variable that names a process's owner.
  private let variable: String

  /// How long they may take to exit after SIGTERM.
  static let timeout: Duration = .seconds(1)
  private static let interval: Duration = .milliseconds(50)
  /// A process that survives this many kills hangs in the kernel.
  private static let maximumSweeps = 60

  public init(scheduler: any Scheduler = Loop.main) { self.init(scheduler: scheduler, variable: ProcessOwner.variable) }

  /// - Parameter variable: another one for tests, whose processes no server must find.
  init(scheduler: any Scheduler = Loop.main, variable: String) {
    self.scheduler = scheduler
    self.variable = variable
  }

  /// Ends them: SIGTERM first, then SIGKILL.
  ///
  /// - Returns: how many there were.
  public func end() async -> Int {
    let found = find(in: ProcessTable())
    guard !found.isEmpty else { return 0 }
    for orphan in found { orphan.signal(SIGTERM) }
    await pause(Orphans.timeout)
    var all = found
    for _ in 0..<Orphans.maximumSweeps {
      // Searched again: a dying shell may have started another one.
      let table = ProcessTable()
      let left = find(in: table).union(all.filter(\.isAlive))
      guard !left.isEmpty else { break }
      all.formUnion(left)
      for orphan in left { orphan.signal(SIGKILL) }
      await pause(Orphans.interval)
    }
    return all.count
  }

  /// - Parameter pid: spared, with all its ancestors.
  func find(in table: ProcessTable, sparing pid: Int32 = getpid()) -> Set<ProcessIdentity> {
    let lineage = table.lineage(of: pid)
    var owners: [String: Bool] = [:]
    var found: Set<ProcessIdentity> = []
    for (identity, marker) in table.marked(variable) {
      let owner = marker.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      let isGone = owners[owner] ?? (ProcessOwner(marker: marker)?.isGone ?? false)
      owners[owner] = isGone
      guard isGone, !lineage.contains(identity.pid) else { continue }
      found.insert(identity)
      found.formUnion(table.descendants(of: identity.pid))
    }
    return found.filter { !lineage.contains($0.pid) }
  }

  private func pause(_ duration: Duration) async {
    await withCheckedContinuation { continuation in
      _ = scheduler.schedule(after: duration) { continuation.resume() }
    }
  }
}
