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
    /// How the arguments differ from the client's. They are held back until they are complete.
    let mapping: ValueMapping?
  }

  /// The arguments of the open call that are held back, as the inside of a JSON string.
  private var held: [UInt8] = []

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
    held = []
    open = announce(block, &sink).map { OpenCall(mapping: $0.mapping) }
  }

  /// A piece of the open call's arguments.
  mutating func piece(_ raw: Span<UInt8>, _ sink: inout some AnswerSink) {
    guard open != nil, !raw.isEmpty else { return }
    open?.hasArguments = true
    if let mended = joiner.mend(raw) {
      pass(mended.span, &sink)
    } else if UTF8Validity.isValid(raw) {
      pass(raw, &sink)
    } else {
      pass(Array(raw.text(in: 0..<raw.count).utf8).span, &sink)
    }
  }

  private mutating func pass(_ piece: Span<UInt8>, _ sink: inout some AnswerSink) {
    guard !piece.isEmpty else { return }
    if open?.mapping == nil { return sink.functionArguments(piece) }
    held += piece.bytes(in: 0..<piece.count)
  }

  /// The block has ended.
  mutating func end(_ sink: inout some AnswerSink) {
    guard let call = open else { return }
    pass(joiner.finish().span, &sink)
    if !call.hasArguments { pass(FunctionCallReader.empty.span, &sink) }
    open = nil
    if let mapping = call.mapping { release(mapping, &sink) }
  }

  private mutating func release(_ mapping: ValueMapping, _ sink: inout some AnswerSink) {
    defer { held = [] }
    // What is no JSON cannot be restored; the client sees what the model wrote.
    guard let text = try? JSONText.unescape(held.span), let arguments = try? JSONValue(parsing: text) else {
      return sink.functionArguments(held.span)
    }
    send(mapping.restored(arguments), &sink)
  }

  private func send(_ arguments: JSONValue, _ sink: inout some AnswerSink) {
    var escaped = ByteBuffer()
    JSONText.appendEscaped(arguments.encoded, to: &escaped)
    sink.functionArguments(escaped.span)
  }

  /// A complete block; ignored if its pieces have come before.
  mutating func whole(_ block: JSONValue, _ sink: inout some AnswerSink) {
    guard let call = announce(block, &sink) else { return }
    let arguments = block["input"] ?? [:]
    send(call.mapping?.restored(arguments) ?? arguments, &sink)
  }

  private static let empty = Array("{}".utf8)

  /// - Returns: the call, if the block is a new one for the client.
  private mutating func announce(_ block: JSONValue, _ sink: inout some AnswerSink) -> CallSelection.Call? {
    guard case .client(let call) = selection.select(block) else { return nil }
    hasCalls = true
    sink.functionCall(id: call.id, name: call.name)
    return call
  }
}
