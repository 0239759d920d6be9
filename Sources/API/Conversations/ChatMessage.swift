import Bytes
import ClaudeCode
import HTTPServer

/// One message of a history.
struct ChatMessage: Sendable, Equatable {
  enum Role: String, Sendable {
    case system, developer, user, assistant, tool

    /// Whether it sets the stage instead of speaking.
    var isInstruction: Bool { self == .system || self == .developer }
  }

  let role: Role
  /// Texts and images, in order.
  var content: [ContentBlock]
  /// What an assistant message called.
  var calls: [ChatToolCall]
  /// The call that a tool message answers.
  let toolCallID: String?
  /// Whether a tool message says that the call has failed.
  var isError = false

  init(
    role: Role, content: [ContentBlock], calls: [ChatToolCall] = [], toolCallID: String? = nil, isError: Bool = false
  ) {
    self.role = role
    self.content = content
    self.calls = calls
    self.toolCallID = toolCallID
    self.isError = isError
  }

  init(role: Role, text: String, calls: [ChatToolCall] = [], toolCallID: String? = nil) {
    self.init(role: role, content: text.isEmpty ? [] : [.text(text)], calls: calls, toolCallID: toolCallID)
  }

  /// The result of a call.
  init(results content: [ContentBlock], of call: String) {
    self.init(role: .tool, content: content, toolCallID: call)
  }

  /// The text of all its parts.
  var text: String {
    get { content.count == 1 ? content[0].text ?? "" : content.compactMap(\.text).joined(separator: "\n") }
    set { content = (newValue.isEmpty ? [] : [.text(newValue)]) + content.filter { $0.text == nil } }
  }

  /// Its bytes, roughly: a measure of the work it makes.
  var size: Int {
    content.reduce(64) { $0 + $1.size } + calls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
  }

  /// The first of its texts: where options may be written.
  var firstText: String { content.first { $0.text != nil }?.text ?? "" }

  /// A message as OpenAI's clients write it.
  ///
  /// - Parameter path: the message's place in the body, for `param`.
  /// - Throws: `RequestError` 400.
  init(_ value: JSONValue, at path: String) throws {
    guard let object = value.object else { throw RequestError.invalid("\(path) must be an object", param: path) }
    guard let name = object["role"]?.string, let role = Role(rawValue: name == "function" ? "tool" : name) else {
      throw RequestError.invalid(
        "\(path).role must be one of system, developer, user, assistant, tool", param: "\(path).role")
    }
    self.role = role
    content = try ChatContent.blocks(of: object["content"] ?? .null, at: "\(path).content")
    calls = try role == .assistant ? ChatToolCall.list(object, at: path) : []
    toolCallID = try role == .tool ? ChatMessage.answeredCall(object, name, at: path) : nil
  }

  private static func answeredCall(_ object: JSONObject, _ role: String, at path: String) throws -> String {
    if role == "function" { return ChatToolCall.legacyID }
    guard let id = object["tool_call_id"]?.string, !id.isEmpty else {
      throw RequestError.invalid("\(path).tool_call_id must be a string", param: "\(path).tool_call_id")
    }
    return id
  }

  /// The message as the model is to see it.
  var conversationMessage: ConversationMessage {
    switch role {
    case .assistant: ConversationMessage(.assistant, content + calls.map(\.block))
    case .tool:
      ConversationMessage(.user, [.toolResult(id: toolCallID ?? "", content: content, isError: isError)])
    case .user, .system, .developer: ConversationMessage(.user, content)
    }
  }
}
