import Glibc

/// The clock for durations and the clock for timestamps.
enum Clock {
  /// Monotonic milliseconds.
  static var milliseconds: Int {
    let now = time(CLOCK_MONOTONIC)
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
  }

  /// `2026-11-21T01:03:20.106Z`.
  static var timestamp: String {
    let now = time(CLOCK_REALTIME)
    var seconds = now.tv_sec
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    let date = unsafe [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1, 2), padded(parts.tm_mday, 2)]
    let clock = unsafe [padded(parts.tm_hour, 2), padded(parts.tm_min, 2), padded(parts.tm_sec, 2)]
    return
      "\(date.joined(separator: "-"))T\(clock.joined(separator: ":")).\(padded(Int32(now.tv_nsec / 1_000_000), 3))Z"
  }

  private static func time(_ clock: clockid_t) -> timespec {
    var now = timespec()
    unsafe clock_gettime(clock, &now)
    return now
  }

  private static func padded(_ number: Int32, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}
