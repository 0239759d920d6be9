import Bytes

/// Writes the CLI's lines to standard output. Keys have the order of the recorded samples.
final class LineWriter {
  let console: Console
  let conversation: Conversation
  var ids: IdentifierSource
  /// The last result. The formats `text` and `json` print nothing else.
  private(set) var lastResult: JSONValue?

  init(console: Console, conversation: Conversation, ids: IdentifierSource) {
    self.console = console
    self.conversation = conversation
    self.ids = ids
  }

  var isStreaming: Bool { conversation.options.outputFormat == .lines }
  var isPartial: Bool { isStreaming && conversation.options.includesPartialMessages }
  var session: JSONValue { .string(conversation.sessionID) }
  var uuid: JSONValue { .string(ids.uuid()) }

  func send(_ line: JSONValue) {
    guard isStreaming else { return }
    console.line { line.write(to: &$0) }
  }

  /// Writes text that is not a line of the protocol.
  func sendRaw(_ text: String) {
    guard isStreaming else { return }
    console.line { $0.append(text) }
  }

  func sendResult(_ line: JSONValue) {
    lastResult = line
    send(line)
  }
}

extension LineWriter {
  /// Writes a `stream_event` line if the options include partial messages.
  func event(_ event: JSONValue, _ message: MessageIdentity, extra: JSONObject = JSONObject()) {
    guard isPartial else { return }
    var line = JSONObject()
    line["type"] = "stream_event"
    line["event"] = event
    line["session_id"] = session
    line["parent_tool_use_id"] = JSONValue(message.parent)
    line["uuid"] = uuid
    for member in extra.members where member.key != "abandoned_blocks" { line[member.key] = member.value }
    line["api_message_id"] = .string(message.id)
    line["abandoned_blocks"] = extra["abandoned_blocks"]
    send(.object(line))
  }

  /// Writes the line that `event` would write, without building a tree: a flood consists of these lines.
  func textDelta(_ piece: AnswerPiece, block: Int, _ message: MessageIdentity) {
    guard isPartial else { return }
    let uuid = ids.uuid()
    console.line { line in
      line.append("{\"type\":\"stream_event\",\"event\":{\"index\":")
      line.append(decimal: block)
      line.append(",\"delta\":{\"type\":\"text_delta\",\"text\":\"")
      piece.write(to: &line)
      line.append("\"},\"type\":\"content_block_delta\"},\"session_id\":\"")
      line.append(conversation.sessionID)
      line.append("\",\"parent_tool_use_id\":")
      line.append(message.parent.map { "\"\($0)\"" } ?? "null")
      line.append(",\"uuid\":\"")
      line.append(uuid)
      line.append("\",\"api_message_id\":\"")
      line.append(message.id)
      line.append("\"}")
    }
  }
}
