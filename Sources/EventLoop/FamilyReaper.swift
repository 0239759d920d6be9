import CLinux
import Glibc

/// Ends what outlives a child: tools that ignored SIGTERM, or were orphaned and no longer hang below it.
///
/// Each sweep kills what is left and looks for more with the child's marker (a dying shell may have started one in
/// between); it is over when a sweep finds nothing.
@Reactor
final class FamilyReaper {
  private var members: Set<ProcessIdentity>
  private let marker: String
  private var sweepsLeft = FamilyReaper.maximumSweeps
  private static let maximumSweeps = 100
  private static let interval: Duration = .milliseconds(20)

  /// Nil when there is nothing to end.
  init?(_ survivors: Set<ProcessIdentity>, marker: String) {
    guard !survivors.isEmpty else { return nil }
    members = survivors
    self.marker = marker
  }

  func sweep() {
    for member in members { member.signal(SIGKILL) }
    // As subreaper we are their parent now: an unreaped one would stay as a zombie. Elsewhere this is ECHILD.
    for member in members { _ = clinux_reap_pid(member.pid) }
    members = members.filter(\.isAlive).union(ProcessTable().orphans(marker: marker))
    sweepsLeft -= 1
    guard !members.isEmpty || sweepsLeft == FamilyReaper.maximumSweeps - 1, sweepsLeft > 0 else { return }
    _ = Loop.main.schedule(after: FamilyReaper.interval) { self.sweep() }
  }
}
