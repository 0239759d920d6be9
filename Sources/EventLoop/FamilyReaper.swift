import CLinux
import Glibc

/// Ends what outlives its child: tools that ignored SIGTERM, or were orphaned and no longer hang below it.
///
/// One for all children, so that a hundred exits at once cost one look at the process table. Each sweep kills what is
/// left and looks for more with the markers of the children that ended (a dying shell may have started one in between);
/// a marker is done when a sweep finds nothing that carries it.
@Reactor
final class FamilyReaper {
  static let shared = FamilyReaper()

  private var members: Set<ProcessIdentity> = []
  /// The markers looked for, and how often each has been.
  private var markers: [String: Int] = [:]
  /// Sweeps since there were no members last.
  private var sweepsOfMembers = 0
  private var isScheduled = false
  private var waiting: [@Reactor () -> Void] = []

  /// A process that still stands after so many kills stands in the kernel: nothing here can end it.
  private static let maximumSweeps = 100
  private static let interval: Duration = .milliseconds(20)

  private init() {}

  /// Sees to what is left of a child that has ended.
  func take(_ family: Set<ProcessIdentity>, marker: String) {
    members.formUnion(family)
    markers[marker] = 0
    schedule()
  }

  /// Calls `action` when nothing is left to end.
  func whenIdle(_ action: @escaping @Reactor () -> Void) {
    if markers.isEmpty && members.isEmpty { action() } else { waiting.append(action) }
  }

  private func schedule() {
    guard !isScheduled else { return }
    isScheduled = true
    _ = Loop.main.schedule(after: FamilyReaper.interval) { [self] in
      isScheduled = false
      sweep()
    }
  }

  private func sweep() {
    let table = ProcessTable()
    reapStrays(table)
    let found = table.orphans(markers: Set(markers.keys), excluding: ChildProcess.livePIDs)
    members.formUnion(found.keys)
    for member in members { member.signal(SIGKILL) }
    // As subreaper we are their parent, or shall be when theirs is dead: an unreaped one would stay as a zombie.
    // Elsewhere this is ECHILD.
    for member in members { _ = clinux_reap_pid(member.pid) }
    members = members.filter(\.isListed)
    let stillCarried = Set(found.values)
    for (marker, sweeps) in markers {
      markers[marker] = stillCarried.contains(marker) && sweeps < FamilyReaper.maximumSweeps ? sweeps + 1 : nil
    }
    sweepsOfMembers = members.isEmpty ? 0 : sweepsOfMembers + 1
    if sweepsOfMembers > FamilyReaper.maximumSweeps { members = [] }
    if markers.isEmpty && members.isEmpty { finish() } else { schedule() }
  }

  /// Orphans that came to us as subreaper and ended by themselves. Their environment is gone with them, so they cannot
  /// be told by a marker; but as subreaper every child of ours that is not looked after is one.
  private func reapStrays(_ table: ProcessTable) {
    guard ProcessControl.isSubreaper else { return }
    for pid in table.ownZombies where !ChildProcess.livePIDs.contains(pid) { _ = clinux_reap_pid(pid) }
  }

  private func finish() {
    sweepsOfMembers = 0
    let actions = waiting
    waiting = []
    for action in actions { action() }
  }
}
