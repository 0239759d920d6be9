import Bytes
import ClaudeCode

/// The answer reader survives any lines. From lines that are JSON it passes only pieces that are valid inside a JSON
/// string.
enum AnswerCheck {
  static func run(_ input: [UInt8]) throws(Finding) {
    var reader = AnswerReader()
    var sink = Sink()
    for line in input.split(separator: Ascii.lineFeed).map({ Array($0) }) {
      guard let message = StreamMessage(scanning: line.span) else { continue }
      // A line that is not JSON may give broken pieces.
      if (try? JSONValue(parsing: line)) == nil { sink.isStrict = false }
      do throws(ClaudeError) {
        try reader.read(message, line.span, into: &sink)
        if let result = TurnResult(line.span) { try reader.finish(result, into: &sink) }
      } catch {
        break
      }
    }
    if let piece = sink.badPiece { throw Finding("a piece that is not a JSON string: \(piece)") }
  }

  private struct Sink: AnswerSink {
    var isStrict = true
    private(set) var badPiece: String?

    mutating func answerText(_ escaped: Span<UInt8>) { take(escaped) }
    mutating func answerThinking(_ escaped: Span<UInt8>) { take(escaped) }
    mutating func functionCall(id: String, name: String) {}
    mutating func functionArguments(_ escaped: Span<UInt8>) { take(escaped) }
    mutating func toolUse(name: String, input: JSONValue) {}
    mutating func toolFailure(_ reason: String) {}

    private mutating func take(_ escaped: Span<UInt8>) {
      guard isStrict else { return }
      let quoted = [Ascii.quote] + escaped.bytes(in: 0..<escaped.count) + [Ascii.quote]
      if (try? JSONValue(parsing: quoted))?.string == nil { badPiece = escaped.text(in: 0..<escaped.count) }
    }
  }
}
