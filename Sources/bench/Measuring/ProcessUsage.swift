import Glibc
import System

/// The resources of a server's process at one moment.
struct ProcessUsage {
  let residentBytes: Int
  /// nil for a user other than root: the server hides its memory, and /proc its descriptors.
  let descriptors: Int?
  /// Running children.
  let children: Int
  /// Children that have ended and that the process has not waited for.
  let zombies: Int

  init(_ program: Program) throws {
    let family = ProcessTable().entries.filter { $0.parent == program.pid }
    residentBytes = try program.residentBytes
    descriptors = program.descriptorCount
    children = family.count { !$0.isZombie }
    zombies = family.count { $0.isZombie }
  }

  /// Whether descriptors, children and zombies are no more than `before`.
  func isBack(to before: ProcessUsage) -> Bool {
    descriptors ?? 0 <= before.descriptors ?? 0 && children <= before.children && zombies <= before.zombies
  }
}

extension Program {
  private static let interval: useconds_t = 100_000
  /// Nanoseconds of CPU in an interval. A starting CLI takes ten times as much.
  private static let idleLimit = 5_000_000
  /// A machine that is never idle is measured nevertheless.
  private static let tries = 30

  /// Waits until `processes` take no CPU. A CLI answers before it has finished starting.
  static func waitUntilIdle(_ processes: [Int32]) throws {
    var before = try cpu(processes)
    for _ in 0..<tries {
      usleep(interval)
      let now = try cpu(processes)
      if now - before < idleLimit { return }
      before = now
    }
  }

  /// The running children of a process.
  static func children(of parent: Int32) -> [Int32] {
    ProcessTable().entries.filter { $0.parent == parent && !$0.isZombie }.map(\.identity.pid)
  }

  private static func cpu(_ processes: [Int32]) throws -> Int {
    try processes.reduce(0) { try $0 + cpuNanoseconds(of: $1) }
  }
}
