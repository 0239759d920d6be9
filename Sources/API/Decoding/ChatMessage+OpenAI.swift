import Bytes
import ClaudeCode
import Turns

extension ChatMessage {
  /// A message in OpenAI's form.
  ///
  /// - Parameter path: the message's place in the body, for `param`.
  /// - Throws: `RequestError` 400.
  init(_ value: JSONValue, at path: String) throws {
    guard let object = value.object else { throw RequestError.invalid("\(path) must be an object", param: path) }
    guard let name = object["role"]?.string, let role = Role(rawValue: name == "function" ? "tool" : name) else {
      throw RequestError.invalid(
        "\(path).role must be one of system, developer, user, assistant, tool", param: "\(path).role")
    }
    self.init(
      role: role, content: try ChatContent.blocks(of: object["content"] ?? .null, at: "\(path).content"),
      calls: try role == .assistant ? ChatToolCall.list(object, at: path) : [],
      toolCallID: try role == .tool ? ChatMessage.answeredCall(object, name, at: path) : nil)
  }

  private static func answeredCall(_ object: JSONObject, _ role: String, at path: String) throws -> String {
    if role == "function" { return ChatToolCall.legacyID }
    guard let id = object["tool_call_id"]?.string, !id.isEmpty else {
      throw RequestError.invalid("\(path).tool_call_id must be a string", param: "\(path).tool_call_id")
    }
    return id
  }
}
