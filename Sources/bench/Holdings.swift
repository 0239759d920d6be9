import System

/// What the server's process holds at a moment.
struct Holdings {
  let residentBytes: Int
  /// Nil where /proc does not tell: the server hides its memory, so only root may look.
  let descriptors: Int?
  /// Children of its own that run.
  let children: Int
  /// Children of its own that have ended and that it has not waited for.
  let zombies: Int

  init(_ program: Program) throws {
    let family = ProcessTable().entries.filter { $0.parent == program.pid }
    residentBytes = try program.residentBytes
    descriptors = program.descriptorCount
    children = family.count { !$0.isZombie }
    zombies = family.count { $0.isZombie }
  }

  /// Whether nothing is left that `before` did not have.
  func isBack(to before: Holdings) -> Bool {
    descriptors ?? 0 <= before.descriptors ?? 0 && children <= before.children && zombies <= before.zombies
  }
}
