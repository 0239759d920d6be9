import Bytes
import ClaudeCode
import Turns

/// The events of one response, and its output items. Text is spliced into a prebuilt frame as it came from the CLI: the
/// same escapes are valid in both. The same lines give the same events with the same numbers, whenever they are encoded.
struct ResponsesEvents {
  private struct OpenItem {
    let kind: ResponsesOutputItem
    let id: String
    /// Its text or arguments, as the inside of a JSON string.
    var text = ByteBuffer()
    /// The bytes before and after each piece.
    let before: [UInt8]
    let after: [UInt8]
  }

  /// How the response begins.
  struct Opening: Sendable {
    var isBackground = false
    /// Whether the client sees the stream begin before the run has emitted anything.
    var isImmediate = false
    /// The number of the last event that the client has; -1 for none.
    var known = -1

    /// How many events there are before the first item.
    fileprivate var events: Int { isBackground ? 3 : 2 }
  }

  private var output = ByteBuffer()
  /// The items that are complete.
  private(set) var items: [JSONValue] = []
  private var current: OpenItem?
  private let identity: ResponsesIdentity
  private let opening: Opening
  /// Whether the model's text is the answer: a structured answer comes with the result.
  private let includesText: Bool
  private let clientTools: [String: ClientTool]
  /// The number of the next event.
  private var sequence = 0
  private(set) var hasBegun = false
  private var status = ResponsesStatus.inProgress
  private var usage: TokenUsage?
  /// US dollars; nil until the turn has ended.
  private var cost: Double?
  var startsLine = true

  init(_ identity: ResponsesIdentity, _ opening: Opening, _ plan: AnswerPlan) {
    self.identity = identity
    self.opening = opening
    includesText = plan.form == .text
    clientTools = plan.clientTools
  }

  /// The response as far as it has come.
  ///
  /// - Parameter status: in the place of its own, for a run that has not begun.
  func json(_ status: ResponsesStatus? = nil) -> JSONValue {
    identity.json(status ?? self.status, output: items, usage: usage, cost: cost)
  }

  // MARK: Events

  /// An event with the whole response.
  private mutating func snapshot(_ event: String, _ status: ResponsesStatus) {
    emit(event, ["response": json(status)])
  }

  private mutating func emit(_ type: String, _ fields: JSONObject) {
    defer { sequence += 1 }
    guard sequence > opening.known else { return }
    var event: JSONObject = ["type": .string(type), "sequence_number": JSONValue(sequence)]
    for member in fields.members { event[member.key] = member.value }
    output.append("event: \(type)\ndata: ")
    JSONValue.object(event).write(to: &output)
    output.append("\n\n")
  }

  /// A piece of the open item.
  private mutating func piece(_ escaped: Span<UInt8>) {
    guard current != nil else { return }
    current?.text.append(escaped)
    defer { sequence += 1 }
    guard sequence > opening.known, let current else { return }
    output.append(current.before)
    output.append(decimal: sequence)
    output.append(current.after)
    output.append(escaped)
    output.append("\"}\n\n")
  }

  // MARK: Items

  private mutating func begin(_ item: ResponsesOutputItem) {
    close()
    let index = items.count
    let id = identity.itemID(item.prefix, index)
    let type = item.deltaEvent
    let before = "event: \(type)\ndata: {\"type\":\"\(type)\",\"sequence_number\":"
    let after =
      ",\"item_id\":\"\(id)\",\"output_index\":\(index)\(item.place),\(item.isText ? "\"logprobs\":[]," : "")\"delta\":\""
    current = OpenItem(kind: item, id: id, before: Array(before.utf8), after: Array(after.utf8))
    emit("response.output_item.added", ["output_index": JSONValue(index), "item": item.json(id, "", isWhole: false)])
    part("added", "")
    startsLine = true
  }

  /// Ends the open item.
  private mutating func close() {
    guard let item = current else { return }
    current = nil
    let (id, index) = (item.id, items.count)
    let text = whole(item)
    var done: JSONObject = ["item_id": .string(id), "output_index": JSONValue(index)]
    switch item.kind {
    case .message:
      done["content_index"] = 0
      done["text"] = .string(text)
      done["logprobs"] = []
    case .reasoning:
      done["summary_index"] = 0
      done["text"] = .string(text)
    case .call(_, let tool) where tool.isCustom: done["input"] = .string(text)
    case .call(_, let tool):
      done["name"] = .string(tool.name)
      done["arguments"] = .string(text)
    }
    emit(item.kind.doneEvent, done)
    part("done", text, of: item)
    let whole = item.kind.json(id, text, isWhole: true)
    items.append(whole)
    emit("response.output_item.done", ["output_index": JSONValue(index), "item": whole])
  }

  /// The whole text of an item. The input of a custom call is known when all its arguments are, and comes in one piece.
  private mutating func whole(_ item: OpenItem) -> String {
    let text = (try? JSONText.unescape(item.text.span)) ?? ""
    guard item.kind.isCustomCall else { return text }
    let input = ClientTool.input(ofArguments: text)
    emit(
      item.kind.deltaEvent,
      ["item_id": .string(item.id), "output_index": JSONValue(items.count), "delta": .string(input)])
    return input
  }

  /// Text items have one part.
  private mutating func part(_ event: String, _ text: String) {
    if let current { part(event, text, of: current) }
  }

  private mutating func part(_ event: String, _ text: String, of item: OpenItem) {
    var fields: JSONObject = ["item_id": .string(item.id), "output_index": JSONValue(items.count)]
    switch item.kind {
    case .message:
      fields["content_index"] = 0
      fields["part"] = ResponsesOutputItem.textPart(text)
      emit("response.content_part.\(event)", fields)
    case .reasoning:
      fields["summary_index"] = 0
      fields["part"] = ResponsesOutputItem.summaryPart(text)
      emit("response.reasoning_summary_part.\(event)", fields)
    case .call: break
    }
  }
}

// MARK: The answer

extension ResponsesEvents: AnswerWriter {
  mutating func exchange(_ other: inout ByteBuffer) { swap(&output, &other) }

  var hasContent: Bool { opening.isImmediate || sequence > opening.events }
  var isEmpty: Bool { items.isEmpty && current == nil }
  var message: ChatMessage { ChatMessage(responseItems: items) }

  mutating func open() {
    if opening.isImmediate { begin() }
  }

  mutating func prepare(_ usage: TokenUsage) { begin() }

  private mutating func begin() {
    guard !hasBegun else { return }
    hasBegun = true
    snapshot("response.created", opening.isBackground ? .queued : .inProgress)
    if opening.isBackground { snapshot("response.queued", .queued) }
    snapshot("response.in_progress", .inProgress)
  }

  mutating func answerText(_ escaped: Span<UInt8>) {
    if includesText { text(escaped) }
  }

  mutating func text(_ escaped: Span<UInt8>) {
    if case .message = current?.kind {
      piece(escaped)
    } else if isEmpty || !escaped.isBlankLine {
      // Two items are apart without a blank line.
      begin(.message)
      piece(escaped)
    }
  }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    if case .reasoning = current?.kind {} else { begin(.reasoning) }
    startsLine = false
    piece(escaped)
  }

  mutating func functionCall(id: String, name: String) {
    begin(.call(id: id, clientTools[name] ?? ClientTool(name: name)))
  }

  mutating func functionArguments(_ escaped: Span<UInt8>) {
    guard case .call(_, let tool) = current?.kind else { return }
    if tool.isCustom { current?.text.append(escaped) } else { piece(escaped) }
  }

  /// A permission request, in the form that OpenAI has for the tools of an MCP server.
  mutating func ask(_ question: PermissionQuestion) {
    begin()
    close()
    let item: JSONValue = [
      "type": "mcp_approval_request", "id": .string(question.callID), "server_label": "claude-code",
      "name": .string(question.tool), "arguments": .string(question.input.text),
    ]
    let index = JSONValue(items.count)
    emit("response.output_item.added", ["output_index": index, "item": item])
    items.append(item)
    emit("response.output_item.done", ["output_index": index, "item": item])
  }

  mutating func finish(_ ending: AnswerEnding) {
    switch ending.reason {
    case .result(let result):
      finish(ending.hasCalls ? .completed : ResponsesStatus(result, last: ending.lastStopReason), ending)
    case .calls, .stopped: finish(.completed, ending)
    }
  }

  private mutating func finish(_ status: ResponsesStatus, _ ending: AnswerEnding) {
    finish(status, usage: ending.usage, cost: ending.cost)
  }

  mutating func fail(_ error: ClaudeError, usage: TokenUsage) { finish(.failed(error), usage: usage, cost: nil) }

  private mutating func finish(_ status: ResponsesStatus, usage: TokenUsage, cost: Double?) {
    begin()
    close()
    self.status = status
    self.usage = usage
    self.cost = cost
    snapshot(status.event, status)
  }
}

extension ResponsesStatus {
  /// - Parameter last: the stop reason of the last upstream message.
  fileprivate init(_ result: TurnResult, last: String?) {
    switch result.finishReason(last: last) {
    case "length": self = .incomplete("max_output_tokens")
    case "content_filter": self = .incomplete("content_filter")
    default: self = .completed
    }
  }
}

extension ChatMessage {
  /// The items of one answer as one message.
  fileprivate init(responseItems items: [JSONValue]) {
    let messages = items.compactMap { (try? ResponsesInputItem($0, at: "output"))?.message }
    self = ChatHistory.merged(messages).first ?? ChatMessage(role: .assistant, text: "")
  }
}

extension Span<UInt8> {
  /// Whether it separates two texts of one answer.
  fileprivate var isBlankLine: Bool { matches(0..<count, "\\n\\n") }
}

/// Encodes a run as a response, and knows the response at every point.
typealias ResponsesEncoder = AnswerEncoder<ResponsesEvents>

extension ResponsesEncoder {
  init(
    _ identity: ResponsesIdentity, _ opening: ResponsesEvents.Opening = ResponsesEvents.Opening(),
    _ plan: AnswerPlan = AnswerPlan()
  ) {
    self.init(ResponsesEvents(identity, opening, plan), plan)
  }
}
