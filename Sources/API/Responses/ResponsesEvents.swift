import Bytes
import ClaudeCode
import Turns

/// The events of one response, and the output items they tell of. Text is spliced into a prebuilt frame as it came from
/// the CLI: the same escapes are valid in both.
struct ResponsesEvents: AnswerWriter {
  private struct OpenItem {
    let kind: ResponsesOutputItem
    let id: String
    /// Its text or its arguments, as the inside of a JSON string.
    var text = ByteBuffer()
    /// What stands before and after each piece of it.
    let before: [UInt8]
    let after: [UInt8]
  }

  var output = ByteBuffer()
  /// The items that are whole.
  private(set) var items: [JSONValue] = []
  private var open: OpenItem?
  private let identity: ResponsesIdentity
  /// Whether the model's text goes to the client: a structured answer comes with the result, and only that counts.
  private let tellsText: Bool
  /// The last event that the client has had already.
  private let known: Int
  /// The number of the next event.
  private(set) var sequence = 0
  /// Whether reasoning that comes now begins a line.
  var startsLine = true

  init(_ identity: ResponsesIdentity, tellsText: Bool, after known: Int) {
    self.identity = identity
    self.tellsText = tellsText
    self.known = known
  }

  // MARK: Events

  /// An event with the whole response.
  mutating func snapshot(_ event: String, _ status: ResponsesStatus, usage: TokenUsage? = nil, cost: Double? = nil) {
    emit(event, ["response": identity.json(status, output: items, usage: usage, cost: cost)])
  }

  private mutating func emit(_ type: String, _ fields: JSONObject) {
    defer { sequence += 1 }
    guard sequence > known else { return }
    var event: JSONObject = ["type": .string(type), "sequence_number": JSONValue(sequence)]
    for member in fields.members { event[member.key] = member.value }
    output.append("event: \(type)\ndata: ")
    JSONValue.object(event).write(to: &output)
    output.append("\n\n")
  }

  /// A piece of the open item.
  private mutating func piece(_ escaped: Span<UInt8>) {
    guard open != nil else { return }
    open?.text.append(escaped)
    defer { sequence += 1 }
    guard sequence > known, let open else { return }
    output.append(open.before)
    output.append(decimal: sequence)
    output.append(open.after)
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
    open = OpenItem(kind: item, id: id, before: Array(before.utf8), after: Array(after.utf8))
    emit("response.output_item.added", ["output_index": JSONValue(index), "item": item.json(id, "", isWhole: false)])
    part("added", "")
    startsLine = true
  }

  /// Ends the open item.
  mutating func close() {
    guard let item = open else { return }
    open = nil
    let (id, index) = (item.id, items.count)
    let text = (try? JSONText.unescape(item.text.span)) ?? ""
    var done: JSONObject = ["item_id": .string(id), "output_index": JSONValue(index)]
    switch item.kind {
    case .message:
      done["content_index"] = 0
      done["text"] = .string(text)
      done["logprobs"] = []
    case .reasoning:
      done["summary_index"] = 0
      done["text"] = .string(text)
    case .call(_, let name):
      done["name"] = .string(name)
      done["arguments"] = .string(text)
    }
    emit(item.kind.doneEvent, done)
    part("done", text, of: item)
    let whole = item.kind.json(id, text, isWhole: true)
    items.append(whole)
    emit("response.output_item.done", ["output_index": JSONValue(index), "item": whole])
  }

  /// Items of text have one part.
  private mutating func part(_ event: String, _ text: String) {
    if let open { part(event, text, of: open) }
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

  // MARK: The answer

  mutating func answerText(_ escaped: Span<UInt8>) {
    if tellsText { text(escaped) }
  }

  mutating func text(_ escaped: Span<UInt8>) {
    if case .message = open?.kind {
      piece(escaped)
    } else if items.isEmpty && open == nil || !escaped.isBlankLine {
      // Between two items nothing else is needed to keep them apart.
      begin(.message)
      piece(escaped)
    }
  }

  mutating func answerThinking(_ escaped: Span<UInt8>) {
    if case .reasoning = open?.kind {} else { begin(.reasoning) }
    startsLine = false
    piece(escaped)
  }

  mutating func functionCall(id: String, name: String) { begin(.call(id: id, name: name)) }

  mutating func functionArguments(_ escaped: Span<UInt8>) {
    if case .call = open?.kind { piece(escaped) }
  }

  /// A question of the CLI, in the form that OpenAI has for the tools of an MCP server.
  mutating func ask(_ question: PermissionQuestion) {
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
}

extension Span<UInt8> {
  /// Whether it is what stands between two texts of one answer.
  fileprivate var isBlankLine: Bool { matches(0..<count, "\\n\\n") }
}
