/// A moment of wall-clock time, in milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Sendable, Equatable, Comparable {
  /// In 0...`latest.milliseconds`.
  public let milliseconds: Int

  /// Clamped to 1970...9999, because the text forms have four digits for a year.
  public init(milliseconds: Int) { self.milliseconds = min(max(milliseconds, 0), Timestamp.lastMillisecond) }

  private static let lastMillisecond = 253_402_300_799_999

  /// The end of the year 9999.
  public static let latest = Timestamp(milliseconds: lastMillisecond)

  public var seconds: Int { milliseconds / 1000 }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  /// `2026-11-21T04:32:10.007Z` (RFC 3339).
  public var iso8601: String {
    let (year, month, day) = civilDate(daysSinceEpoch: seconds / 86_400)
    let time = seconds % 86_400
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
      + "\(pad(time / 3600, 2)):\(pad(time / 60 % 60, 2)):\(pad(time % 60, 2)).\(pad(milliseconds % 1000, 3))Z"
  }

  /// `04:32:10.007`, the time of day in UTC.
  public var timeOfDay: String { String(iso8601.dropFirst(11).dropLast()) }

  /// `Sat, 21 Nov 2026 04:32:10 GMT` (RFC 9110 section 5.6.7).
  public var httpDate: String {
    let days = seconds / 86_400
    let (year, month, day) = civilDate(daysSinceEpoch: days)
    let time = seconds % 86_400
    return "\(weekdays[(days + 4) % 7]), \(pad(day, 2)) \(months[month - 1]) \(pad(year, 4)) "
      + "\(pad(time / 3600, 2)):\(pad(time / 60 % 60, 2)):\(pad(time % 60, 2)) GMT"
  }
}

private let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

private func pad(_ value: Int, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

// The proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March, so that leap days come last.
private func civilDate(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
  let days = daysSinceEpoch + 719_468
  let era = days / 146_097
  let dayOfEra = days % 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shiftedMonth = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
  let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}
