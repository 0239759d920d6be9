import Bytes
import Testing

struct JSONValueNumbersTests {
  private static let largest = JSONValue.maximumCount

  private static let countRows: [(String, Int)] = [
    ("0", 0), ("-0", 0), ("7", 7), ("7.9", 7), ("1e3", 1000), ("-1", 0), ("-9223372036854775808", 0),
    ("9007199254740991", 9_007_199_254_740_991), ("9007199254740992", largest), ("9007199254740993", largest),
    ("9000000000000000000", largest), ("9223372036854775807", largest), ("9223372036854775808", largest),
    ("1e308", largest), ("1e400", largest), ("-1e400", 0),
  ]

  @Test("counts are whole and in range for any number", arguments: countRows)
  func counts(text: String, expected: Int) {
    #expect(JSONValue.number(text).count == expected)
  }

  private static let amountRows: [(String, Double)] = [
    ("0.25", 0.25), ("-0.25", 0), ("1e15", 1e15), ("1e16", JSONValue.maximumAmount),
    ("1e308", JSONValue.maximumAmount), ("1e400", JSONValue.maximumAmount), ("-1e400", 0),
  ]

  @Test("amounts are finite and in range", arguments: amountRows)
  func amounts(text: String, expected: Double) {
    #expect(JSONValue.number(text).amount == expected)
  }

  @Test(
    "other values are neither counts nor amounts",
    arguments: [.null, .string("1"), .bool(true), [], [:]] as [JSONValue])
  func others(value: JSONValue) {
    #expect(value.count == nil)
    #expect(value.amount == nil)
  }

  @Test("sums stay in range")
  func sums() {
    #expect(JSONValue.sum(1, 2) == 3)
    #expect(JSONValue.sum(JSONValue.maximumCount - 1, 1) == JSONValue.maximumCount)
    #expect(JSONValue.sum(JSONValue.maximumCount, JSONValue.maximumCount) == JSONValue.maximumCount)
  }
}
