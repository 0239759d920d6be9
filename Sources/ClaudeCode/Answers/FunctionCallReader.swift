import Bytes

/// Tells the calls of the client's functions, each once, whether they come in pieces or whole.
struct FunctionCallReader: Sendable {
  private struct Call {
    let id: String
    var hasArguments = false
  }

  /// The call whose pieces are coming.
  private var open: Call?
  private var told: Set<String> = []
  private var joiner = SurrogateJoiner()
  /// Calls of the message under way.
  private var countInMessage = 0
  private let maximum: Int
  /// Nil for any.
  private let functions: Set<String>?

  init(maximum: Int, functions: Set<String>? = nil) {
    self.maximum = maximum
    self.functions = functions
  }

  /// Whether anything was told.
  var hasTold: Bool { !told.isEmpty }
  /// Whether anything was told of the message under way.
  var hasToldInMessage: Bool { countInMessage > 0 }

  mutating func messageBegins() {
    open = nil
    countInMessage = 0
    joiner.reset()
  }

  /// A block begins.
  mutating func begin(_ block: JSONValue, _ sink: inout some AnswerSink) {
    open = announce(block, &sink).map { Call(id: $0) }
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

  /// The block is over.
  mutating func end(_ sink: inout some AnswerSink) {
    guard let call = open else { return }
    open = nil
    let half = joiner.finish()
    if !half.isEmpty { sink.functionArguments(half.span) }
    if !call.hasArguments { sink.functionArguments(FunctionCallReader.empty.span) }
  }

  /// A whole block: told if its pieces were not.
  mutating func whole(_ block: JSONValue, _ sink: inout some AnswerSink) {
    guard announce(block, &sink) != nil else { return }
    var escaped = ByteBuffer()
    JSONText.appendEscaped((block["input"] ?? [:]).encoded, to: &escaped)
    sink.functionArguments(escaped.span)
  }

  private static let empty = Array("{}".utf8)

  /// - Returns: the id of a call that is new, and told.
  private mutating func announce(_ block: JSONValue, _ sink: inout some AnswerSink) -> String? {
    guard let id = block["id"]?.string, let tool = block["name"]?.string,
      let name = FunctionDeclaration.function(of: tool), functions?.contains(name) != false, !told.contains(id),
      countInMessage < maximum
    else { return nil }
    told.insert(id)
    countInMessage += 1
    sink.functionCall(id: id, name: name)
    return id
  }
}
