import Bytes
import ClaudeCode
import HTTP
import HTTPServer
import Turns

/// Writes a run as the events of one of Anthropic's messages, and has the whole message in the end. Pure: recorded lines
/// in, exact bytes out.
struct MessagesEncoder: RunEncoder {
  private var reader: AnswerReader
  private var events: MessagesEvents
  private let form: AnswerForm
  private let isWholeTurn: Bool

  /// - Parameters:
  ///   - head: text the answer begins with, before the model's own.
  ///   - maximumCalls: how many calls one message may make.
  ///   - functions: the functions that the client has; nil for any.
  ///   - isWholeTurn: whether the answer begins with its turn; one that goes on after calls does not.
  init(
    _ identity: MessagesIdentity, tellsThinking: Bool, head: String = "", form: AnswerForm = .text,
    maximumCalls: Int = .max, functions: Set<String>? = nil, stop: [String] = [], isWholeTurn: Bool = true
  ) {
    events = MessagesEvents(identity, head: head, tellsText: form == .text, tellsThinking: tellsThinking)
    reader = AnswerReader(maximumCalls: maximumCalls, functions: functions, stop: form == .text ? stop : [])
    self.form = form
    self.isWholeTurn = isWholeTurn
  }

  var hasContent: Bool { events.hasBegun }
  var isSatisfied: Bool { reader.isStopped }

  /// The answer so far, as the client will send it back.
  var message: ChatMessage { events.message }

  /// The whole message, once it has ended.
  var document: [UInt8] { events.document }

  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    if !events.hasBegun { events.usage = reader.usage }
    // The events take the output for the time of the call, so that bytes go from the line straight to their place.
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    try reader.read(message, line, into: &events)
  }

  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {
    if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText || form != .text { throw error }
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    try reader.finish(result, into: &events)
    try closeForm(result)
    guard events.hasBegun || result.turns > 0 else {
      throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
    }
    let stop = events.hasCalls ? .toolUse : MessagesStop.end(result, last: reader.stopReason)
    events.finish(stop, usage: isWholeTurn ? result.usage : reader.usage)
  }

  private mutating func closeForm(_ result: TurnResult) throws(ClaudeError) {
    guard form != .text else { return }
    guard let output = result.structuredOutput else { throw .unstructured }
    if let call = form.call(output) { events.call(call) } else { events.structured(output) }
  }

  mutating func closeEarly(to output: inout ByteBuffer) {
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    events.finish(.sequence(reader.stopSequence ?? ""), usage: reader.usage)
  }

  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    events.call(ChatToolCall(question))
  }

  mutating func closeParked(to output: inout ByteBuffer) {
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    events.finish(.toolUse, usage: reader.usage)
  }

  mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    ServerSentEvent.begin("error", &output)
    HTTPError(error).anthropicBody(requestID: nil).write(to: &output)
    ServerSentEvent.end(&output)
  }
}
