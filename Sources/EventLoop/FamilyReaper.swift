import CLinux
import Glibc
import System

/// Ends what outlives its child: tools that ignored SIGTERM, or were orphaned and are no longer below it.
///
/// Every child is a subreaper: its orphaned descendants stay below it while it lives, and become children of this
/// process when it exits. As a subreaper, this process therefore recognises strays by descent: each of its children
/// that is not a `ChildProcess` was orphaned by one that has exited. A process that is not a subreaper (a test)
/// recognises them by the markers in their environment.
///
/// One reaper for all children, so that a hundred exits at once cost one look at the process table. It sweeps until
/// nothing is left: a dying shell may have started another process in between.
@Reactor
final class FamilyReaper {
  static let shared = FamilyReaper()

  /// How often each process was killed.
  private var kills: [ProcessIdentity: Int] = [:]
  /// The markers of children that exited since the last sweep that found nothing.
  private var markers: Set<String> = []
  private var isScheduled = false
  private var waiting: [@Reactor () -> Void] = []

  /// A process that survives this many kills hangs in the kernel: nothing here can end it.
  private static let maximumKills = 100
  private static let interval: Duration = .milliseconds(20)

  private init() {}

  /// Ends what is left of a child that has exited.
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
    // A stray that forks and exits is seen in every sweep, as itself or as a zombie, because only this process reaps
    // it.
    var isDone = !reapZombies(table)
    kills = kills.filter(\.key.isListed)
    for stray in strays(table) { kills[stray, default: 0] += 0 }
    for (member, count) in kills where member.isListed {
      if count < FamilyReaper.maximumKills { isDone = false }
      member.signal(SIGKILL)
      // Its parent is this process, or will be when its own is dead. For other parents this is ECHILD.
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

  /// Reaps orphans that became children of this process and exited.
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
