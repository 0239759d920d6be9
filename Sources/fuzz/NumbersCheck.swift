import API
import Bytes
import ClaudeCode
import Turns

/// CLI lines with any numbers in them are parsed, added up and encoded. Nothing traps, every count stays in range, and
/// the output is JSON.
enum NumbersCheck {
  static func run(_ input: [UInt8]) throws(Finding) {
    var encoder = ChatCompletionEncoder(
      ChatCompletionIdentity(id: "chatcmpl-1", created: 0, model: "m"), includesUsage: true)
    var output = ByteBuffer()
    var total = TokenUsage()
    var waited: Duration = .zero
    for line in input.split(separator: Ascii.lineFeed).map({ Array($0) }) {
      guard let message = StreamMessage(scanning: line.span) else { continue }
      if let retry = Retry(message, line.span) {
        _ = retry.verdict(waited: waited, timeout: .seconds(5))
        waited += retry.delay
      }
      let result = TurnResult(line.span)
      if let result { total += result.usage }
      try check(total)
      do throws(ClaudeError) {
        try encoder.encode(message, line.span, to: &output)
        if let result { try encoder.close(result, to: &output) }
      } catch {
        break
      }
    }
    try check(output)
  }

  private static func check(_ usage: TokenUsage) throws(Finding) {
    for count in [usage.input, usage.output, usage.prompt, usage.total] {
      guard (0...JSONValue.maximumCount).contains(count) else { throw Finding("a count of \(count)") }
    }
  }

  private static func check(_ output: ByteBuffer) throws(Finding) {
    for frame in output.bytes.split(separator: Ascii.lineFeed) where frame.starts(with: beginning) {
      guard (try? JSONValue(parsing: Array(frame.dropFirst(6)))) != nil else {
        throw Finding("a frame that is not JSON: \(String(decoding: frame, as: UTF8.self))")
      }
    }
  }

  private static let beginning = Array("data: {".utf8)
}
