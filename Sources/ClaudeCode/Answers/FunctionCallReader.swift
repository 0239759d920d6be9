import Bytes

/// Reads the calls of the client's functions out of an answer, each once, whether a call comes in pieces or whole.
/// `CallSelection` decides which calls these are.
struct FunctionCallReader: Sendable {
  /// The call whose arguments are coming; nil between calls.
  private var open: OpenCall?
  private var joiner = SurrogateJoiner()
  private var selection: CallSelection

  private struct OpenCall {
    var hasArguments = false
  }

  init(_ selection: CallSelection) { self.selection = selection }

  /// Whether there was a call.
  private(set) var hasCalls = false
  /// Whether there was a call in the current message.
  var hasCallsInMessage: Bool { selection.countInMessage > 0 }

  mutating func beginMessage() {
    open = nil
    selection.beginMessage()
    joiner.reset()
  }

  /// A block begins.
  mutating func begin(_ block: JSONValue, _ sink: inout some AnswerSink) {
    open = announce(block, &sink) ? OpenCall() : nil
  }

  /// A piece of the open call's arguments.
  mutating func piece(_ raw: Span<UInt8>, _ sink: inout some AnswerSink) {
    guard open != nil, !raw.isEmpty else { return }
    open?.hasArguments = true
    if let mended = joiner.mend(raw) {
      if !mended.isEmpty { sink.functionArguments(mended.span) }
    } else if UTF8Validity.isValid(raw) {
      sink.functionArguments(raw)
    } else {
      sink.functionArguments(Array(raw.text(in: 0..<raw.count).utf8).span)
    }
  }

  /// The block has ended.
  mutating func end(_ sink: inout some AnswerSink) {
    guard let call = open else { return }
    open = nil
    let half = joiner.finish()
    if !half.isEmpty { sink.functionArguments(half.span) }
    if !call.hasArguments { sink.functionArguments(FunctionCallReader.empty.span) }
  }

  /// A complete block; ignored if its pieces have come before.
  mutating func whole(_ block: JSONValue, _ sink: inout some AnswerSink) {
    guard announce(block, &sink) else { return }
    var escaped = ByteBuffer()
    JSONText.appendEscaped((block["input"] ?? [:]).encoded, to: &escaped)
    sink.functionArguments(escaped.span)
  }

  private static let empty = Array("{}".utf8)

  /// - Returns: whether the block is a new call for the client.
  private mutating func announce(_ block: JSONValue, _ sink: inout some AnswerSink) -> Bool {
    guard case .client(let call) = selection.select(block) else { return false }
    hasCalls = true
    sink.functionCall(id: call.id, name: call.name)
    return true
  }
}
