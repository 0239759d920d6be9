import Bytes

/// A call of a tool by the model.
struct ToolCall {
  let id: String
  let name: String
  var input: JSONValue

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
