import Bytes
import ClaudeCode
import Turns

extension ChatMessage {
  /// A message in OpenAI's form.
  ///
  /// - Parameters:
  ///   - path: the message's place in the body, for `param`.
  ///   - place: where it stands in the conversation; nil for the newest messages.
  /// - Throws: `RequestError` 400.
  init(_ value: JSONValue, at path: String, in place: ContentPlace? = nil) throws {
    guard let object = value.object else { throw RequestError.invalid("\(path) must be an object", param: path) }
    guard let name = object["role"]?.string, let role = Role(rawValue: name == "function" ? "tool" : name) else {
      throw RequestError.invalid(
        "\(path).role must be one of system, developer, user, assistant, tool", param: "\(path).role")
    }
    let place = place ?? (role == .assistant ? .answer : .newest)
    self.init(
      role: role, content: try ChatContent.blocks(of: object["content"] ?? .null, at: "\(path).content", in: place),
      calls: try role == .assistant ? ChatToolCall.list(object, at: path) : [],
      toolCallID: try role == .tool ? ChatMessage.answeredCall(object, name, at: path) : nil)
  }

  private static func answeredCall(_ object: JSONObject, _ role: String, at path: String) throws -> String {
    if role == "function" { return ChatToolCall.legacyID }
    guard let id = object["tool_call_id"]?.string, !id.isEmpty else {
      throw RequestError.invalid("\(path).tool_call_id must be a string", param: "\(path).tool_call_id")
    }
    return CallID.received(id)
  }
}
