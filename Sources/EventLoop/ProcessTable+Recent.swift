import System

extension ProcessTable {
  /// The table as it was at most 20 ms ago: many children that end together share one reading.
  @Reactor
  static func recent() -> ProcessTable {
    let now = ContinuousClock.now
    if let (taken, table) = latest, now - taken < .milliseconds(20) { return table }
    let table = ProcessTable()
    latest = (now, table)
    return table
  }

  @Reactor private static var latest: (ContinuousClock.Instant, ProcessTable)?
}
