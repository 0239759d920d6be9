import Bytes

extension LineWriter {
  /// Writes an `assistant` line: one finished block.
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

  /// Writes the `assistant` line that replaces an answer which did not come from the upstream.
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

  /// Writes a `user` line: tool results, replayed messages, and the CLI's own messages with the role user.
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

  /// The message as it is at its start: no stop reason, one token.
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

  /// The input tokens of every message, as in the recorded samples.
  static let inputTokens = 25
}

extension LineWriter {
  /// Writes the `user` line with the result of a call.
  func toolResult(_ callID: String, _ text: String, isError: Bool) {
    var extra = JSONObject()
    extra["tool_use_result"] =
      isError
      ? .string("Error: " + text)
      : ["stdout": .string(text), "stderr": "", "interrupted": false, "isImage": false, "noOutputExpected": false]
    let block: JSONValue = [
      "tool_use_id": .string(callID), "type": "tool_result", "content": .string(text), "is_error": .bool(isError),
    ]
    user([block], extra: extra)
  }
}

/// The message that a line belongs to.
struct MessageIdentity {
  let id: String
  /// The call that started the subagent; nil for a message of the conversation itself.
  let parent: String?
}
