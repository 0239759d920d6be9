import Bytes
import HTTPServer

/// One message of an OpenAI history.
struct ChatMessage: Sendable, Equatable {
  enum Role: String, Sendable {
    case system, developer, user, assistant, tool

    /// Whether it sets the stage instead of speaking.
    var isInstruction: Bool { self == .system || self == .developer }
  }

  let role: Role
  /// The text of all its parts.
  let text: String
  /// Calls an assistant message made, in words, for histories that are told rather than replayed.
  let calls: [String]

  /// - Parameter path: the message's place in the body, for `param`.
  /// - Throws: `HTTPError` 400.
  init(_ value: JSONValue, at path: String) throws {
    guard let object = value.object else { throw HTTPError.invalidRequest("\(path) must be an object", param: path) }
    guard let name = object["role"]?.string, let role = Role(rawValue: name == "function" ? "tool" : name) else {
      throw HTTPError.invalidRequest(
        "\(path).role must be one of system, developer, user, assistant, tool", param: "\(path).role")
    }
    self.role = role
    text = try ChatMessage.text(of: object["content"] ?? .null, at: "\(path).content")
    calls = (object["tool_calls"]?.array ?? []).compactMap { call in
      guard let function = call["function"], let name = function["name"]?.string else { return nil }
      return "\(name)(\(function["arguments"]?.string ?? ""))"
    }
  }

  private static func text(of content: JSONValue, at path: String) throws -> String {
    switch content {
    case .null: return ""
    case .string(let text): return text
    case .array(let parts):
      return try parts.enumerated().map { try text(ofPart: $1, at: "\(path)[\($0)]") }.joined(separator: "\n")
    case .bool, .number, .object:
      throw HTTPError.invalidRequest("\(path) must be a string, an array of parts, or null", param: path)
    }
  }

  private static func text(ofPart part: JSONValue, at path: String) throws -> String {
    if case .string(let text) = part { return text }
    switch part["type"]?.string {
    case "text", "input_text", "output_text":
      guard let text = part["text"]?.string else {
        throw HTTPError.invalidRequest("\(path).text must be a string", param: "\(path).text")
      }
      return text
    case "refusal": return part["refusal"]?.string ?? ""
    case "tool_result": return try self.text(of: part["content"] ?? .null, at: "\(path).content")
    case "image_url", "input_image", "image":
      throw HTTPError.invalidRequest("Images are not supported yet", param: path, code: "unsupported_content")
    case let type:
      throw HTTPError.invalidRequest(
        "\(path): content of type \(type ?? "null") is not supported", param: path, code: "unsupported_content")
    }
  }
}
