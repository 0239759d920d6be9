import Bytes
import ClaudeCode
import Turns

/// The kinds of output items that come in pieces; approvals do not.
enum ResponsesOutputItem: Sendable {
  case message, reasoning
  case call(id: String, ClientTool)

  var prefix: String {
    switch self {
    case .message: "msg"
    case .reasoning: "rs"
    case .call(_, let tool): tool.isCustom ? "ctc" : "fc"
    }
  }

  var isText: Bool { if case .message = self { true } else { false } }

  /// Whether it is a call whose input is free text.
  var isCustomCall: Bool { if case .call(_, let tool) = self { tool.isCustom } else { false } }

  var deltaEvent: String {
    switch self {
    case .message: "response.output_text.delta"
    case .reasoning: "response.reasoning_summary_text.delta"
    case .call(_, let tool):
      tool.isCustom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta"
    }
  }

  var doneEvent: String { deltaEvent.dropLast("delta".count) + "done" }

  /// The place of the part, in an event.
  var place: String {
    switch self {
    case .message: ",\"content_index\":0"
    case .reasoning: ",\"summary_index\":0"
    case .call: ""
    }
  }

  static func textPart(_ text: String) -> JSONValue {
    ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
  }

  static func summaryPart(_ text: String) -> JSONValue { ["type": "summary_text", "text": .string(text)] }

  /// - Parameter isWhole: whether the item is complete.
  func json(_ id: String, _ text: String, isWhole: Bool) -> JSONValue {
    let status: JSONValue = isWhole ? "completed" : "in_progress"
    return switch self {
    case .message:
      [
        "type": "message", "id": .string(id), "status": status, "role": "assistant",
        "content": isWhole ? [Self.textPart(text)] : [],
      ]
    case .reasoning: ["type": "reasoning", "id": .string(id), "summary": isWhole ? [Self.summaryPart(text)] : []]
    case .call(let call, let tool): Self.call(tool, id, call, text, status)
    }
  }

  private static func call(
    _ tool: ClientTool, _ id: String, _ call: String, _ text: String, _ status: JSONValue
  ) -> JSONValue {
    var item: JSONObject = [
      "type": tool.isCustom ? "custom_tool_call" : "function_call", "id": .string(id),
      "call_id": .string(CallID.openAI(call)),
      "name": .string(tool.name),
    ]
    if let namespace = tool.namespace { item["namespace"] = .string(namespace) }
    item[tool.isCustom ? "input" : "arguments"] = .string(text)
    item["status"] = status
    return .object(item)
  }
}
