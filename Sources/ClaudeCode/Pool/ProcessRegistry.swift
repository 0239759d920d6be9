import EventLoop

/// All processes of the pool, each from its start to its exit, and their statistics.
@Reactor
final class ProcessRegistry {
  private var entries: [ObjectIdentifier: PooledProcess] = [:]
  private var uses = 0
  private var emptyActions: [@Reactor () -> Void] = []
  /// The counts that cannot be taken from the entries.
  var counts = PoolStatistics()

  var count: Int { entries.count }

  var all: [PooledProcess] { Array(entries.values) }

  subscript(process: ClaudeProcess) -> PooledProcess? { entries[ObjectIdentifier(process)] }

  func add(_ entry: PooledProcess) {
    entries[ObjectIdentifier(entry.process)] = entry
    counts.spawned += 1
  }

  /// Nil for a process that is not registered.
  func remove(_ process: ClaudeProcess) -> PooledProcess? {
    entries.removeValue(forKey: ObjectIdentifier(process))
  }

  /// Marks the entry as the last one used.
  func touch(_ entry: PooledProcess) {
    uses += 1
    entry.lastUse = uses
  }

  // MARK: Finding

  func entry(of session: String) -> PooledProcess? {
    entries.values.first { $0.process.sessionID == session }
  }

  func spares(where fits: (Fingerprint) -> Bool) -> [PooledProcess] {
    entries.values.filter { $0.state == .spare && fits($0.process.fingerprint) }
  }

  /// The spare or idle process that was unused for the longest time.
  var longestUnused: PooledProcess? {
    entries.values.filter(\.isDispensable).min { $0.lastUse < $1.lastUse }
  }

  /// The idle process that was unused for the longest time.
  var longestIdle: PooledProcess? {
    entries.values.filter { $0.state == .idle }.min { $0.lastUse < $1.lastUse }
  }

  /// The process that is ended first when memory is short: an idle one, then a spare.
  var leastNeeded: PooledProcess? { longestIdle ?? longestUnused }

  var idleCount: Int { entries.values.count { $0.state == .idle } }

  var statistics: PoolStatistics {
    var statistics = counts
    statistics.live = entries.count
    statistics.idle = idleCount
    statistics.spare = entries.values.count { $0.state == .spare }
    statistics.universal = spares(where: \.awaitsClaim).count
    return statistics
  }

  /// What the processes are doing, in words.
  ///
  /// - Parameter parked: how many of them wait for results of tools.
  func summary(parked: Int) -> String {
    let busy = entries.values.count { $0.state == .busy } - parked
    let unused = entries.count - busy - parked
    return "of \(entries.count) processes \(busy) run turns, \(parked) wait for results of tools, \(unused) are unused"
  }

  // MARK: End

  /// Returns when the last process has exited; at once if there is none.
  func waitUntilEmpty() async {
    await withCheckedContinuation { continuation in
      if entries.isEmpty { continuation.resume() } else { emptyActions.append { continuation.resume() } }
    }
  }

  /// Resumes `waitUntilEmpty` if the last process has exited.
  func wakeIfEmpty() {
    guard entries.isEmpty else { return }
    let actions = emptyActions
    emptyActions = []
    for action in actions { action() }
  }
}
