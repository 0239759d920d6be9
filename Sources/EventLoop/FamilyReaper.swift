import CLinux
import Glibc
import System

/// Ends what outlives its child: tools that ignored SIGTERM, or were orphaned and no longer hang below it.
///
/// Every child is a subreaper, so what is orphaned below it stays below it while it lives, and comes to this process
/// when it ends. As a subreaper, this process therefore knows strays by descent: each child of its own that is not a
/// `ChildProcess` was orphaned by one that has ended. A process that is no subreaper (a test) knows them by the markers
/// in their environment.
///
/// One for all children, so that a hundred exits at once cost one look at the process table. Sweeps kill what is left
/// until one finds nothing: a dying shell may have started another process in between.
@Reactor
final class FamilyReaper {
  static let shared = FamilyReaper()

  /// How often each process that is to end has been killed.
  private var kills: [ProcessIdentity: Int] = [:]
  /// The markers of children that ended since a sweep found nothing.
  private var markers: Set<String> = []
  private var isScheduled = false
  private var waiting: [@Reactor () -> Void] = []

  /// A process that still runs after so many kills hangs in the kernel: nothing here can end it.
  private static let maximumKills = 100
  private static let interval: Duration = .milliseconds(20)

  private init() {}

  /// Ends what is left of a child that has ended.
  func take(_ family: Set<ProcessIdentity>, marker: String) {
    for member in family { kills[member, default: 0] += 0 }
    markers.insert(marker)
    schedule()
  }

  /// Calls `action` when nothing is left to end.
  func whenIdle(_ action: @escaping @Reactor () -> Void) {
    waiting.append(action)
    if !isScheduled { sweep() }
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
    // A stray that forks and exits is seen in every sweep, as itself or as a zombie: only this process reaps it.
    var isDone = !reapZombies(table)
    kills = kills.filter(\.key.isListed)
    for stray in strays(table) { kills[stray, default: 0] += 0 }
    for (member, count) in kills where member.isListed {
      if count < FamilyReaper.maximumKills { isDone = false }
      member.signal(SIGKILL)
      // Its parent is this process, or will be when its own is dead. Elsewhere this is ECHILD.
      _ = clinux_reap_pid(member.pid)
      kills[member] = count + 1
    }
    if isDone { finish() } else { schedule() }
  }

  private func strays(_ table: ProcessTable) -> Set<ProcessIdentity> {
    if let inherited = ProcessControl.inheritedChildren {
      return table.strays(of: getpid(), excluding: ChildProcess.livePIDs, inherited)
    }
    return Set(table.orphans(markers: markers, excluding: ChildProcess.livePIDs).keys)
  }

  /// Reaps orphans that came to this process and ended by themselves.
  ///
  /// - Returns: whether there were any.
  private func reapZombies(_ table: ProcessTable) -> Bool {
    guard ProcessControl.inheritedChildren != nil else { return false }
    let zombies = table.ownZombies.filter { !ChildProcess.livePIDs.contains($0) }
    for pid in zombies { _ = clinux_reap_pid(pid) }
    return !zombies.isEmpty
  }

  private func finish() {
    markers = []
    let actions = waiting
    waiting = []
    for action in actions { action() }
  }
}
