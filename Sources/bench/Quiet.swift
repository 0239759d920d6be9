import Glibc
import System

/// Processes that have nothing to do: a CLI says that it is up before it has finished starting.
enum Quiet {
  private static let interval: useconds_t = 100_000
  /// Nanoseconds of CPU in an interval; what starts takes ten times as much.
  private static let noise = 5_000_000
  /// On a machine that never rests the measurement is made nevertheless.
  private static let tries = 30

  /// Waits until none of `processes` takes CPU any more.
  static func await(_ processes: [Int32]) throws {
    var before = try cpu(processes)
    for _ in 0..<tries {
      usleep(interval)
      let now = try cpu(processes)
      if now - before < noise { return }
      before = now
    }
  }

  static func children(of parent: Int32) -> [Int32] {
    ProcessTable().entries.filter { $0.parent == parent && !$0.isZombie }.map(\.identity.pid)
  }

  private static func cpu(_ processes: [Int32]) throws -> Int {
    try processes.reduce(0) { try $0 + Program.cpuNanoseconds(of: $1) }
  }
}
