import Telemetry
import Testing

struct TimestampTests {
  // Computed with another calendar: Python's datetime.
  @Test(
    "timestamps are formatted in both forms, leap years included",
    arguments: [
      (0, "1970-01-01T00:00:00", "Thu, 01 Jan 1970 00:00:00 GMT"),
      (31_535_999, "1970-12-31T23:59:59", "Thu, 31 Dec 1970 23:59:59 GMT"),
      (68_212_800, "1972-02-29T12:00:00", "Tue, 29 Feb 1972 12:00:00 GMT"),
      (946_684_799, "1999-12-31T23:59:59", "Fri, 31 Dec 1999 23:59:59 GMT"),
      (951_782_400, "2000-02-29T00:00:00", "Tue, 29 Feb 2000 00:00:00 GMT"),
      (951_868_800, "2000-03-01T00:00:00", "Wed, 01 Mar 2000 00:00:00 GMT"),
      (1_709_251_199, "2024-02-29T23:59:59", "Thu, 29 Feb 2024 23:59:59 GMT"),
      (1_709_251_200, "2024-03-01T00:00:00", "Fri, 01 Mar 2024 00:00:00 GMT"),
      (1_735_603_201, "2024-12-31T00:00:01", "Tue, 31 Dec 2024 00:00:01 GMT"),
      (1_795_235_530, "2026-11-21T04:32:10", "Sat, 21 Nov 2026 04:32:10 GMT"),
      (2_147_483_648, "2038-01-19T03:14:08", "Tue, 19 Jan 2038 03:14:08 GMT"),
      (4_107_542_399, "2100-02-28T23:59:59", "Sun, 28 Feb 2100 23:59:59 GMT"),
      (4_107_542_400, "2100-03-01T00:00:00", "Mon, 01 Mar 2100 00:00:00 GMT"),
      (13_574_585_228, "2400-02-29T06:07:08", "Tue, 29 Feb 2400 06:07:08 GMT"),
    ])
  func dates(seconds: Int, date: String, httpDate: String) {
    let moment = Timestamp(milliseconds: seconds * 1000)
    #expect(moment.iso8601 == date + ".000Z")
    #expect(moment.httpDate == httpDate)
    #expect(moment.seconds == seconds)
  }

  @Test(
    "timestamps out of range are clamped",
    arguments: [
      (Int.min, "1970-01-01T00:00:00.000Z"), (-1, "1970-01-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
      (Int.max, "9999-12-31T23:59:59.999Z"),
    ])
  func outOfRange(milliseconds: Int, text: String) {
    let moment = Timestamp(milliseconds: milliseconds)
    #expect(moment.iso8601 == text)
    #expect(!moment.httpDate.isEmpty)
  }

  @Test("milliseconds have three digits", arguments: [(0, "000"), (7, "007"), (70, "070"), (999, "999")])
  func milliseconds(part: Int, digits: String) {
    let moment = Timestamp(milliseconds: 1_795_235_530_000 + part)
    #expect(moment.iso8601 == "2026-11-21T04:32:10.\(digits)Z")
    #expect(moment.timeOfDay == "04:32:10.\(digits)")
    #expect(moment.httpDate == "Sat, 21 Nov 2026 04:32:10 GMT")
  }

  @Test("timestamps are ordered by time")
  func order() {
    #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
    #expect(!(Timestamp(milliseconds: 2) < Timestamp(milliseconds: 2)))
  }

  @Test("dates of 800 years are consecutive")
  func everyDay() {
    var (year, month, day) = (1970, 1, 1)
    for number in 0..<292_194 {
      let date = Timestamp(milliseconds: number * 86_400_000).iso8601.prefix(10)
      let expected = year * 10_000 + month * 100 + day
      if Int(date.filter { $0 != "-" }) != expected { Issue.record("day \(number) is \(date), not \(expected)") }
      day += 1
      if day > daysIn(month, of: year) { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  private func daysIn(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}
