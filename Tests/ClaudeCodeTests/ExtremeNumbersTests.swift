import Bytes
import TestSupport
import Testing

@testable import ClaudeCode

/// Recorded lines of the CLI with every number replaced.
struct ExtremeNumbersTests {
  static let numbers = [
    "9223372036854775807", "-9223372036854775808", "9000000000000000000", "1e308", "1e400", "-1e400", "0.1",
  ]

  private static func replacing(_ value: JSONValue, by number: String) -> JSONValue {
    switch value {
    case .number: return .number(number)
    case .array(let elements): return .array(elements.map { replacing($0, by: number) })
    case .object(let object):
      var replaced = JSONObject()
      for member in object.members { replaced[member.key] = replacing(member.value, by: number) }
      return .object(replaced)
    case .null, .bool, .string: return value
    }
  }

  @Test("any number in a recorded line is read, and counts stay in range", arguments: numbers)
  func lines(number: String) throws {
    var (retries, results) = (0, 0)
    for recording in Recording.all {
      var reader = AnswerReader()
      var sink = AnswerTranscript()
      var total = RunJournal.Total()
      for line in recording.lines {
        let replaced = Self.replacing(try JSONValue(parsing: line), by: number).encoded
        guard let message = StreamMessage(scanning: replaced.span) else { continue }
        if let retry = Retry(message, replaced.span) {
          retries += 1
          #expect((.zero...Retry.longestDelay).contains(retry.delay))
          _ = retry.verdict(waited: Retry.longestDelay, timeout: .seconds(5))
        }
        try? reader.read(message, replaced.span, into: &sink)
        guard let result = TurnResult(replaced.span) else { continue }
        results += 1
        for _ in 0..<3 { total.add(.result(result)) }
        #expect(result.totalCost?.isFinite != false)
      }
      for usage in [reader.usage, total.usage] {
        for count in [usage.input, usage.output, usage.prompt, usage.total, usage.thinking] {
          #expect((0...JSONValue.maximumCount).contains(count))
        }
      }
      #expect(total.cost.isFinite)
    }
    #expect(retries > 0 && results > 0)
  }

  @Test("token counts saturate at the maximum")
  func findingFive() {
    let usage = TokenUsage(
      ["input_tokens": .number("9000000000000000000"), "cache_read_input_tokens": .number("9000000000000000000")])
    #expect(usage.prompt == JSONValue.maximumCount)
    var total = usage
    total += usage
    #expect(total.total == JSONValue.maximumCount)
  }

  @Test("an unrepresentable delay becomes the longest one", arguments: ["1e308", "1e400"])
  func findingSix(delay: String) throws {
    let line = Array(#"{"type":"system","subtype":"api_retry","retry_delay_ms":\#(delay),"error_status":529}"#.utf8)
    let read = StreamMessage(scanning: line.span).flatMap { Retry($0, line.span) }
    let retry = try #require(read)
    #expect(retry.delay == Retry.longestDelay)
    #expect(retry.verdict(waited: .zero, timeout: .seconds(5))?.kind == .upstream(status: 529))
  }
}
