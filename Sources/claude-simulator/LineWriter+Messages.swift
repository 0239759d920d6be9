import Bytes

extension LineWriter {
  /// An `assistant` line: one finished block.
  func assistant(_ message: MessageIdentity, _ block: JSONValue, extra: JSONObject = JSONObject()) {
    var body = LineWriter.message(id: message.id, model: conversation.model, content: [block])
    if let reason = extra["stop_reason"] { body["stop_reason"] = reason }
    body["context_management"] = nil as JSONValue
    var line = JSONObject()
    line["type"] = "assistant"
    line["message"] = .object(body)
    line["parent_tool_use_id"] = JSONValue(message.parent)
    line["session_id"] = session
    line["uuid"] = uuid
    line["timestamp"] = .string(Clock.timestamp)
    for member in extra.members where member.key != "stop_reason" { line[member.key] = member.value }
    send(.object(line))
  }

  /// The `assistant` line that stands for an answer the upstream did not give.
  func synthetic(_ text: String, extra: JSONObject) {
    var body = LineWriter.message(id: ids.uuid(), model: "<synthetic>", content: [LineWriter.textBlock(text)])
    body["stop_reason"] = "stop_sequence"
    body["stop_sequence"] = ""
    var line = JSONObject()
    line["type"] = "assistant"
    line["message"] = .object(body)
    line["parent_tool_use_id"] = nil as JSONValue
    line["session_id"] = session
    line["uuid"] = uuid
    line["timestamp"] = .string(Clock.timestamp)
    for member in extra.members { line[member.key] = member.value }
    send(.object(line))
  }

  /// A `user` line: tool results, replays, and what the CLI says in the user's name.
  func user(_ content: JSONValue, parent: String? = nil, extra: JSONObject = JSONObject()) {
    var line = JSONObject()
    line["type"] = "user"
    line["message"] = ["role": "user", "content": content]
    line["parent_tool_use_id"] = JSONValue(parent)
    line["session_id"] = session
    line["uuid"] = uuid
    line["timestamp"] = .string(Clock.timestamp)
    for member in extra.members { line[member.key] = member.value }
    send(.object(line))
  }

  static func textBlock(_ text: String) -> JSONValue { ["type": "text", "text": .string(text)] }

  /// The message as it looks before its end: no stop reason, one token.
  static func message(id: String, model: String, content: [JSONValue]) -> JSONObject {
    var body = JSONObject()
    body["id"] = .string(id)
    body["type"] = "message"
    body["role"] = "assistant"
    body["model"] = .string(model)
    body["content"] = .array(content)
    body["stop_reason"] = nil as JSONValue
    body["stop_sequence"] = nil as JSONValue
    body["usage"] = [
      "input_tokens": JSONValue(inputTokens), "output_tokens": 1, "cache_creation_input_tokens": 0,
      "cache_read_input_tokens": 0,
    ]
    return body
  }

  /// What every message costs going up, as in the samples.
  static let inputTokens = 25
}
