import Bytes
import ClaudeCode
import Turns

/// Calls of tools that are no plain functions, and their outputs.
extension ResponsesInputItem {
  static let otherCalls: Set = ["custom_tool_call", "local_shell_call", "shell_call", "apply_patch_call"]
  static let otherOutputs: Set = [
    "custom_tool_call_output", "local_shell_call_output", "shell_call_output", "apply_patch_call_output",
  ]

  /// The name of the function that a call's name and namespace stand for.
  static func functionName(_ object: JSONObject, at path: String) throws -> String {
    ClientTool(name: try text(object, "name", at: path), namespace: object["namespace"]?.string).functionName
  }

  /// Such a call in the conversation.
  static func otherCall(_ object: JSONObject, _ type: String, at path: String) throws -> ChatToolCall {
    let id = try callID(object, at: path)
    guard type == "custom_tool_call" else {
      // What the call does is an object, in a field of its own.
      let arguments = object["action"] ?? object["operation"] ?? [:]
      return ChatToolCall(id: id, name: String(type.dropLast("_call".utf8.count)), arguments: arguments.text)
    }
    guard let input = object["input"]?.string else {
      throw RequestError.invalid("\(path).input must be a string", param: "\(path).input")
    }
    return ChatToolCall(
      id: id, name: try functionName(object, at: path), arguments: ClientTool.arguments(input: input))
  }

  /// The content of such an output: text, parts of content, or any JSON as text.
  static func otherOutput(
    _ object: JSONObject, at path: String, in place: ContentPlace
  ) throws -> [ContentBlock] {
    switch object["output"] ?? .null {
    case .null: return object["status"]?.string.map { [.text($0)] } ?? []
    case let output where output.string != nil || output.array?.first?["type"] != nil:
      return try ChatContent.blocks(of: output, at: "\(path).output", in: place)
    case let output: return [.text(output.text)]
    }
  }

  /// Local shell calls were first answered by the id of their item.
  static func callID(_ object: JSONObject, at path: String) throws -> String {
    CallID.received(try text(object, object["call_id"] == nil && object["id"] != nil ? "id" : "call_id", at: path))
  }
}
