import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// The content of OpenAI messages: a string, null, or parts.
enum ChatContent {
  /// - Throws: `RequestError` 400.
  static func blocks(
    of content: JSONValue, at path: String, in place: ContentPlace = .newest
  ) throws -> [ContentBlock] {
    switch content {
    case .null: return []
    case .string(let text): return text.isEmpty ? [] : [.text(text)]
    case .array(let parts):
      return try parts.enumerated().flatMap { try blocks(ofPart: $1, at: "\(path)[\($0)]", in: place) }
    case .bool, .number, .object:
      throw RequestError.invalid("\(path) must be a string, an array of parts, or null", param: path)
    }
  }

  private static func blocks(
    ofPart part: JSONValue, at path: String, in place: ContentPlace
  ) throws -> [ContentBlock] {
    if case .string(let text) = part { return [.text(text)] }
    switch part["type"]?.string {
    case "text", "input_text", "output_text":
      guard let text = part["text"]?.string else {
        throw RequestError.invalid("\(path).text must be a string", param: "\(path).text")
      }
      return [.text(text)]
    case "refusal": return part["refusal"]?.string.map { [.text($0)] } ?? []
    // The session has its own thinking; the upstream accepts no other.
    case "thinking", "redacted_thinking", "reasoning", "reasoning_text", "summary_text": return []
    case "tool_result": return try blocks(of: part["content"] ?? .null, at: "\(path).content", in: place)
    case "image_url", "input_image":
      return try ImageContent.blocks(ofURL: part["image_url"] ?? .null, at: "\(path).image_url", in: place)
    case "image": return try ImageContent.blocks(native: part, at: path, in: place)
    case "file": return try FileContent.blocks(of: part["file"] ?? .null, at: "\(path).file", in: place)
    case "input_file": return try FileContent.blocks(of: part, at: path, in: place)
    case "document", "search_result", "tool_reference":
      return try MessagesContent(block: part, at: path, in: place).plain(at: path)
    case let type:
      return try place.unusable(
        "content of type \(type ?? "null")",
        RequestError.invalid(
          "\(path): content of type \(type ?? "null") is not supported", param: path, code: "unsupported_content"))
    }
  }
}
