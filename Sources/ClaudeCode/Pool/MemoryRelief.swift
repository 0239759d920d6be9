import Bytes
import EventLoop
import Telemetry

/// Ends idle processes and spares while the machine is short of memory, one at a time.
@Reactor
final class MemoryRelief {
  private let limits: PoolLimits
  private let registry: ProcessRegistry
  private let scheduler: any Scheduler
  private let logger: Logger
  /// Bytes that programs can still take; nil where that is unknown.
  private let available: @Sendable () -> Int?
  private var timer: (any ScheduledTimer)?

  init(
    _ limits: PoolLimits, _ registry: ProcessRegistry, _ surroundings: PooledProcess.Surroundings,
    available: @escaping @Sendable () -> Int?
  ) {
    self.limits = limits
    self.registry = registry
    scheduler = surroundings.scheduler
    logger = surroundings.logger
    self.available = available
  }

  /// Whether less memory is free than the reserve.
  var isNeeded: Bool { limits.memoryReserve > 0 && available().map { $0 < limits.memoryReserve } == true }

  /// Watches the memory for as long as there is a process to end.
  func watch() {
    guard limits.memoryReserve > 0, timer == nil, registry.leastNeeded != nil else { return }
    timer = scheduler.schedule(after: limits.memoryInterval) { [weak self] in
      self?.timer = nil
      self?.check()
    }
  }

  private func check() {
    if isNeeded, let entry = registry.leastNeeded {
      logger.info("memory is short; an unused process is ended", ["pid": JSONValue(Int(entry.process.pid))])
      entry.retire()
    }
    watch()
  }

  func close() { timer?.cancel() }
}
