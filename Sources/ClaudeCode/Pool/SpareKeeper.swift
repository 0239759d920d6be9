import Bytes
import EventLoop
import System
import Telemetry

/// Keeps spares for the fingerprints in use: starts them one at a time, replaces those that turns have taken, and rests
/// after crashes.
@Reactor
final class SpareKeeper {
  private let limits: PoolLimits
  private let registry: ProcessRegistry
  private let starter: ProcessStarter
  private let relief: MemoryRelief
  private let scheduler: any Scheduler
  private let logger: Logger
  private var demand: SpareDemand
  private var universals: [Fingerprint] = []
  /// The program that has exited instead of waiting for a claim: an older CLI.
  private var programWithoutClaims: FileVersion?
  private var backoff: CrashBackoff
  private var timer: (any ScheduledTimer)?
  private var isClosed = false

  init(
    _ limits: PoolLimits, _ registry: ProcessRegistry, _ starter: ProcessStarter, _ relief: MemoryRelief,
    _ surroundings: PooledProcess.Surroundings
  ) {
    self.limits = limits
    self.registry = registry
    self.starter = starter
    self.relief = relief
    scheduler = surroundings.scheduler
    logger = surroundings.logger
    demand = SpareDemand(capacity: limits.fingerprints)
    backoff = CrashBackoff(longest: limits.longestRest)
  }

  /// Whether no spares are started for now, because some have crashed.
  var isResting: Bool { rest > .zero }

  /// How a CLI without `--await-claim` refuses it (2.1.235).
  private static let unknownFlag = "unknown option"

  private var rest: Duration { backoff.rest(at: scheduler.now) }

  /// A fingerprint is in use: from now on spares are kept for it.
  func learn(_ fingerprint: Fingerprint) {
    guard limits.spares > 0 else { return }
    if universals.isEmpty, limits.universalSpares > 0 {
      universals = Fingerprint.universal(settingSources: fingerprint.settingSources)
    }
    for forgotten in demand.note(fingerprint) {
      for entry in registry.spares(where: { $0 == forgotten }) { entry.retire() }
    }
    scheduleReplenish()
  }

  /// Replaces missing spares after `limits.replenishDelay`: the turn that took one has the machine first.
  func scheduleReplenish() { schedule(after: limits.replenishDelay) }

  private func schedule(after delay: Duration) {
    guard !isClosed, timer == nil, !demand.isEmpty else { return }
    timer = scheduler.schedule(after: delay) { [weak self] in
      self?.timer = nil
      self?.replenish()
    }
  }

  /// Starts the next missing spare now, unless turns wait for a process. The end of its start calls this again.
  func replenish() {
    guard !isClosed else { return }
    guard !isResting else { return schedule(after: rest) }
    guard let fingerprint = missing else { return }
    guard !relief.isNeeded else { return schedule(after: limits.memoryInterval) }
    guard starter.hasRoom else { return makeRoom() }
    do throws(ClaudeError) {
      guard let entry = try starter.startSpare(fingerprint) else { return }
      entry.process.send(ControlMessage.status(id: "ready"))
      entry.rest(as: .spare, for: limits.spareAge)
    } catch {
      demand.forget(fingerprint)
      logger.warn("no spare could be started", ["reason": .string(error.message)])
    }
  }

  /// The spare to start next.
  private var missing: Fingerprint? {
    if let own = demand.recent.first(where: { count(of: $0) < limits.spares }) { return own }
    guard starter.launcher.currentProgram != programWithoutClaims else { return nil }
    return universals.first { count(of: $0) < limits.universalSpares }
  }

  private func count(of fingerprint: Fingerprint) -> Int { registry.spares { $0 == fingerprint }.count }

  // A session that has rested for a while is less likely to be continued next than a new one is to begin. The exit of
  // its process calls `replenish` again.
  private func makeRoom() {
    guard let longest = registry.longestIdle, let since = longest.restsSince,
      scheduler.now - since >= limits.restBeforeSpare
    else { return }
    longest.retire()
  }

  // MARK: Crashes

  /// A process has exited before it was up, or while it was spare.
  func noteCrash(of entry: PooledProcess) {
    let process = entry.process
    if process.fingerprint.awaitsClaim, process.standardError.contains(SpareKeeper.unknownFlag) {
      programWithoutClaims = entry.program
      return logger.info("this CLI has no universal spares; new kinds of requests start cold")
    }
    registry.counts.crashed += 1
    let wait = backoff.noteCrash(at: scheduler.now)
    let said = process.standardError.split(separator: "\n").last.map(String.init) ?? "nothing on standard error"
    logger.warn(
      "a process exited before it emitted anything",
      ["said": .string(said), "failures": JSONValue(backoff.count), "rest": .string("\(wait)")])
  }

  /// A turn has ended well.
  func noteSuccess() { backoff.noteSuccess() }

  /// Starts nothing more.
  func close() {
    isClosed = true
    timer?.cancel()
  }
}
