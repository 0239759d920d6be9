import Bytes
import ClaudeCode
import Turns

/// Writes a run as the events of a response, and knows the response at every point. Pure: recorded lines in, exact bytes
/// out; the same lines give the same events with the same numbers, whenever they are asked for.
struct ResponsesEncoder: RunEncoder {
  private let identity: ResponsesIdentity
  private var reader: AnswerReader
  private var events: ResponsesEvents
  private let form: AnswerForm
  private let isWholeTurn: Bool
  private let isBackground: Bool
  /// Whether the client is to see the stream begin, whatever comes of it.
  private let beginsAtOnce: Bool
  private var hasBegun = false
  private var status = ResponsesStatus.inProgress
  private var usage: TokenUsage?
  private var cost: Double?

  /// - Parameters:
  ///   - known: the number of the last event that the client has had already; -1 for none.
  ///   - isWholeTurn: whether the answer begins with its turn; one that goes on after calls does not.
  init(
    _ identity: ResponsesIdentity, form: AnswerForm = .text, maximumCalls: Int = .max, functions: Set<String>? = nil,
    isWholeTurn: Bool = true, isBackground: Bool = false, beginsAtOnce: Bool = false, after known: Int = -1
  ) {
    self.identity = identity
    self.form = form
    self.isWholeTurn = isWholeTurn
    self.isBackground = isBackground
    self.beginsAtOnce = beginsAtOnce
    reader = AnswerReader(maximumCalls: maximumCalls, functions: functions)
    events = ResponsesEvents(identity, tellsText: form == .text, after: known)
  }

  /// The response as far as it has come.
  ///
  /// - Parameter status: in the place of its own, for a run that has said nothing of it yet.
  func json(_ status: ResponsesStatus? = nil) -> JSONValue {
    identity.json(status ?? self.status, output: output, usage: usage, cost: cost)
  }

  /// The items that are whole.
  var output: [JSONValue] { events.items }

  /// The answer as the client will send it back.
  var message: ChatMessage { ChatMessage(responseItems: events.items) }

  var hasContent: Bool { beginsAtOnce || events.sequence > ResponsesEncoder.opening(isBackground) }

  /// How many events there are before the first item.
  private static func opening(_ isBackground: Bool) -> Int { isBackground ? 3 : 2 }

  mutating func open(to output: inout ByteBuffer) {
    guard beginsAtOnce else { return }
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    begin()
  }

  mutating func encode(
    _ message: StreamMessage, _ line: Span<UInt8>, to output: inout ByteBuffer
  ) throws(ClaudeError) {
    // The sink takes the output for the time of the call, so that bytes go from the line straight to their place.
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    begin()
    try reader.read(message, line, into: &events)
  }

  private mutating func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    events.snapshot("response.created", isBackground ? .queued : .inProgress)
    if isBackground { events.snapshot("response.queued", .queued) }
    events.snapshot("response.in_progress", .inProgress)
  }

  mutating func close(_ result: TurnResult, to output: inout ByteBuffer) throws(ClaudeError) {
    if let error = ClaudeError(result), error.kind != .maxTurns || !reader.hasText || form != .text { throw error }
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    begin()
    try reader.finish(result, into: &events)
    try closeForm(result)
    events.close()
    guard !events.items.isEmpty || result.turns > 0 else {
      throw ClaudeError(.empty, "Claude Code answered with nothing", reachedCLI: true)
    }
    finish(
      ResponsesStatus(finishReason: reader.hasCalls ? "stop" : result.finishReason(last: reader.stopReason)),
      isWholeTurn ? result.usage : reader.usage, cost: result.totalCost)
  }

  private mutating func closeForm(_ result: TurnResult) throws(ClaudeError) {
    guard form != .text else { return }
    guard let output = result.structuredOutput else { throw .unstructured }
    if let call = form.call(output) { events.call(call) } else { events.structured(output) }
  }

  private mutating func finish(_ status: ResponsesStatus, _ usage: TokenUsage?, cost: Double?) {
    self.status = status
    self.usage = usage
    self.cost = cost
    events.snapshot(status.event, status, usage: usage, cost: cost)
  }

  mutating func encode(_ question: PermissionQuestion, to output: inout ByteBuffer) {
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    begin()
    events.ask(question)
  }

  mutating func closeParked(to output: inout ByteBuffer) {
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    begin()
    events.close()
    // What it has cost is known when the turn has ended.
    finish(.completed, reader.usage, cost: nil)
  }

  mutating func close(_ error: ClaudeError, to output: inout ByteBuffer) {
    swap(&events.output, &output)
    defer { swap(&events.output, &output) }
    begin()
    events.close()
    finish(.failed(error), reader.usage, cost: nil)
  }
}

extension ResponsesStatus {
  /// - Parameter finishReason: OpenAI's word for why a completion ends.
  fileprivate init(finishReason: String) {
    switch finishReason {
    case "length": self = .incomplete("max_output_tokens")
    case "content_filter": self = .incomplete("content_filter")
    default: self = .completed
    }
  }
}

extension ChatMessage {
  /// The items of one answer as one message.
  init(responseItems items: [JSONValue]) {
    let messages = items.compactMap { (try? ResponsesInputItem($0, at: "output"))?.message }
    self = ChatHistory.merged(messages).first ?? ChatMessage(role: .assistant, text: "")
  }
}
