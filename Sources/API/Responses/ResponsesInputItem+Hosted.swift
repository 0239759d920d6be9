import Bytes
import ClaudeCode
import Turns

/// Items of a history that concern tools which another server ran, or its bookkeeping.
extension ResponsesInputItem {
  static let hostedTypes = toldTypes.union(skippedTypes)

  /// Items whose work the model should know: they become text of the answer.
  private static let toldTypes: Set = ["mcp_call", "code_interpreter_call"]

  /// Items that say nothing to the model, or whose outcome is in the text that follows them.
  private static let skippedTypes: Set = [
    "reasoning", "web_search_call", "file_search_call", "image_generation_call", "computer_call",
    "computer_call_output", "mcp_list_tools", "tool_search_call", "tool_search_output", "additional_tools",
    "compaction", "compaction_summary", "compaction_trigger",
  ]

  /// The message of such an item; nil for one without a message.
  static func hosted(_ object: JSONObject, _ type: String) -> ChatMessage? {
    let lines: [String] =
      switch type {
      case "mcp_call":
        [
          called(object["name"]?.string ?? type, ChatToolCall.arguments(object["arguments"])),
          words(object["output"]), words(object["error"]),
        ]
      case "code_interpreter_call": [called("python", words(object["code"])), words(object["outputs"])]
      default: []
      }
    let text = lines.filter { !$0.isEmpty }.joined(separator: "\n")
    return text.isEmpty ? nil : ChatMessage(role: .assistant, text: text)
  }

  private static func called(_ name: String, _ arguments: String) -> String { "[called \(name)(\(arguments))]" }

  /// A text as it is, other values as JSON.
  private static func words(_ value: JSONValue?) -> String {
    guard let value, !value.isNull, value != [] else { return "" }
    return value.string ?? value.text
  }
}
