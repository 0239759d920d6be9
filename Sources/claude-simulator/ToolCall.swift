import Bytes

/// A call of a tool by the model.
struct ToolCall {
  let id: String
  let name: String
  var input: JSONValue

  /// The client's name for it; nil for a tool of the CLI's own.
  var function: String? { name.hasPrefix(ToolCall.prefix) ? String(name.dropFirst(ToolCall.prefix.count)) : nil }

  static let prefix = "mcp__client__"

  var block: JSONValue { ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input] }

  /// The input as the upstream streams it: in pieces that are no JSON by themselves.
  var inputPieces: [String] {
    let text = input.text
    let middle = text.index(text.startIndex, offsetBy: text.count / 2)
    return [String(text[..<middle]), String(text[middle...])]
  }

  /// As the result line lists a call that was refused.
  var denial: JSONValue { ["tool_name": .string(name), "tool_use_id": .string(id), "tool_input": input] }
}
