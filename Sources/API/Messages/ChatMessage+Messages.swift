import Bytes
import ClaudeCode
import HTTPServer
import Turns

extension ChatMessage {
  /// The messages in one of Anthropic's. Each result of a call becomes a message of its own, before the user's text.
  ///
  /// - Parameters:
  ///   - path: the message's place in the body, for `param`.
  ///   - place: where it stands in the conversation; nil for the newest messages.
  /// - Throws: `RequestError` 400.
  static func list(_ value: JSONValue, at path: String, in place: ContentPlace? = nil) throws -> [ChatMessage] {
    guard let object = value.object else { throw RequestError.invalid("\(path) must be an object", param: path) }
    let place = place ?? (object["role"] == "assistant" ? .answer : .newest)
    let content = try MessagesContent(object["content"] ?? .null, at: "\(path).content", in: place)
    switch object["role"]?.string {
    case "user": return try user(content, at: path)
    case "assistant": return try assistant(content, at: path)
    case "system": return [ChatMessage(role: .system, content: try content.instructions(at: "\(path).content"))]
    default:
      throw RequestError.invalid("\(path).role must be user or assistant", param: "\(path).role")
    }
  }

  private static func user(_ content: MessagesContent, at path: String) throws -> [ChatMessage] {
    guard content.calls.isEmpty else {
      throw RequestError.invalid("\(path): tool_use is the assistant's", param: "\(path).content")
    }
    let results = content.results.map {
      ChatMessage(role: .tool, content: $0.content, toolCallID: $0.id, isError: $0.isError)
    }
    guard !content.said.isEmpty || results.isEmpty else { return results }
    return results + [ChatMessage(role: .user, content: content.said)]
  }

  // Blocks of text between thinking and citations are one text: so it is stored, and so clients join it.
  private static func assistant(_ content: MessagesContent, at path: String) throws -> [ChatMessage] {
    guard content.results.isEmpty else {
      throw RequestError.invalid("\(path): tool_result is the user's", param: "\(path).content")
    }
    let text = content.said.compactMap(\.text).joined()
    return [ChatMessage(role: .assistant, text: text, calls: content.calls)]
  }
}
