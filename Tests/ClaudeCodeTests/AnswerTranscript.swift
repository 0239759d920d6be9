import Bytes
import ClaudeCodeTestSupport
import EventLoop

@testable import ClaudeCode

/// What an answer said, in the order it was said.
struct AnswerTranscript: AnswerSink, Equatable {
  enum Entry: Equatable {
    case text(String)
    case thinking(String)
    case tool(String, String)
    case failure(String)
    case call(id: String, name: String, arguments: String)
  }

  /// Neighbouring pieces of one kind are joined.
  private(set) var entries: [Entry] = []
  /// Pieces that could not stand in a JSON string as they are.
  private(set) var badPieces: [String] = []

  var text: String {
    entries.map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }

  var thinking: String {
    entries.map { if case .thinking(let text) = $0 { text } else { "" } }.joined()
  }

  mutating func answerText(_ escaped: Span<UInt8>) {
    let piece = decoded(escaped)
    guard case .text(let before) = entries.last else { return entries.append(.text(piece)) }
    entries[entries.count - 1] = .text(before + piece)
  }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    let piece = decoded(escaped)
    guard case .thinking(let before) = entries.last else { return entries.append(.thinking(piece)) }
    entries[entries.count - 1] = .thinking(before + piece)
  }

  mutating func functionCall(id: String, name: String) {
    entries.append(.call(id: id, name: name, arguments: ""))
  }

  mutating func functionArguments(_ escaped: Span<UInt8>) {
    let piece = decoded(escaped)
    guard case .call(let id, let name, let before) = entries.last else { return badPieces.append(piece) }
    entries[entries.count - 1] = .call(id: id, name: name, arguments: before + piece)
  }

  mutating func toolUse(name: String, input: JSONValue) { entries.append(.tool(name, input.text)) }

  mutating func toolFailure(_ reason: String) { entries.append(.failure(reason)) }

  /// Each piece must be whole in itself: it goes into a JSON string of its own.
  private mutating func decoded(_ escaped: Span<UInt8>) -> String {
    let bytes = escaped.bytes(in: 0..<escaped.count)
    let quoted = [Ascii.quote] + bytes + [Ascii.quote]
    guard !bytes.isEmpty, case .string(let text)? = try? JSONValue(parsing: quoted), !hasLoneHalf(bytes) else {
      badPieces.append(String(decoding: bytes, as: UTF8.self))
      return ""
    }
    return text
  }

  // The decoder is lenient with a lone half; clients are not. What decodes to U+FFFD must have said so itself.
  private func hasLoneHalf(_ escaped: [UInt8]) -> Bool {
    let text = String(decoding: escaped, as: UTF8.self)
    let decoded = (try? JSONText.unescape(escaped.span)) ?? ""
    return decoded.ranges(of: "\u{FFFD}").count > text.ranges(of: "\\ufffd").count + text.ranges(of: "\u{FFFD}").count
  }
}

extension AnswerReader {
  /// Reads a turn's lines to their end.
  ///
  /// - Parameter finishes: whether the result is taken for a good one; who has seen that it is none does not ask.
  mutating func read(
    _ lines: [[UInt8]], into transcript: inout AnswerTranscript, finishes: Bool = true
  ) throws(ClaudeError) {
    for line in lines {
      guard let message = StreamMessage(scanning: line.span) else { continue }
      try read(message, line.span, into: &transcript)
      if finishes, let result = TurnResult(line.span) { try finish(result, into: &transcript) }
    }
  }
}

@Reactor
extension RunRecorder {
  /// The answer, read from the lines.
  func answer() throws -> AnswerTranscript {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    try reader.read(lines.map { Array($0.utf8) }, into: &transcript)
    return transcript
  }
}
