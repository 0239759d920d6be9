import Bytes

extension LineWriter {
  /// A `stream_event` line, if partial messages are asked for.
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

  /// The same line as `event` would write, without a tree: floods are made of these.
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
