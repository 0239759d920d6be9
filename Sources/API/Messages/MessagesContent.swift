import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// The content of one of Anthropic's messages, divided by kind.
struct MessagesContent {
  /// A tool's result.
  struct Result {
    let id: String
    let content: [ContentBlock]
    let isError: Bool
  }

  /// Texts and images, in order.
  private(set) var said: [ContentBlock] = []
  private(set) var calls: [ChatToolCall] = []
  private(set) var results: [Result] = []

  /// - Throws: `RequestError` 400.
  init(_ content: JSONValue, at path: String) throws {
    switch content {
    case .null: break
    case .string(let text): say(text)
    case .array(let blocks): for (index, block) in blocks.enumerated() { try take(block, at: "\(path)[\(index)]") }
    case .bool, .number, .object:
      throw RequestError.invalid("\(path) must be a string or an array of blocks", param: path)
    }
  }

  private mutating func say(_ text: String) {
    if !text.isEmpty { said.append(.text(text)) }
  }

  private mutating func take(_ block: JSONValue, at path: String) throws {
    switch block["type"]?.string {
    case "text": say(try MessagesContent.string(block, "text", at: path))
    case "image": said.append(try ChatContent.nativeImage(block, at: path))
    case "document": said += try MessagesContent.document(block, at: path)
    case "tool_use": calls.append(try MessagesContent.call(block, at: path))
    case "tool_result": results.append(try MessagesContent.result(block, at: path))
    // The session has its own thinking; the upstream accepts no other.
    case "thinking", "redacted_thinking": break
    case let type:
      throw RequestError.invalid(
        "\(path): content of type \(type ?? "null") is not supported", param: path, code: "unsupported_content")
    }
  }

  private static func call(_ block: JSONValue, at path: String) throws -> ChatToolCall {
    let input = block["input"] ?? [:]
    guard input.object != nil else {
      throw RequestError.invalid("\(path).input must be an object", param: "\(path).input")
    }
    return ChatToolCall(
      id: try name(block, "id", at: path), name: try name(block, "name", at: path), arguments: input.text)
  }

  private static func result(_ block: JSONValue, at path: String) throws -> Result {
    let content = try MessagesContent(block["content"] ?? .null, at: "\(path).content")
    return Result(
      id: try name(block, "tool_use_id", at: path), content: try content.plain(at: "\(path).content"),
      isError: block["is_error"]?.bool ?? false)
  }

  /// A text document; Claude Code accepts no others.
  private static func document(_ block: JSONValue, at path: String) throws -> [ContentBlock] {
    let title = block["title"]?.string.map { [ContentBlock.text($0)] } ?? []
    switch block["source"]?["type"]?.string {
    case "text":
      return title + [.text(try string(block["source"] ?? .null, "data", at: "\(path).source"))]
    case "content":
      let content = try MessagesContent(block["source"]?["content"] ?? .null, at: "\(path).source.content")
      return title + (try content.plain(at: "\(path).source.content"))
    case let type:
      throw RequestError.invalid(
        "\(path): a document must have a source of type text or content, not \(type ?? "null")", param: path,
        code: "unsupported_content")
    }
  }

  private static func name(_ block: JSONValue, _ field: String, at path: String) throws -> String {
    let name = try string(block, field, at: path)
    guard !name.isEmpty else {
      throw RequestError.invalid("\(path).\(field) must not be empty", param: "\(path).\(field)")
    }
    return name
  }

  private static func string(_ block: JSONValue, _ field: String, at path: String) throws -> String {
    guard let text = block[field]?.string else {
      throw RequestError.invalid("\(path).\(field) must be a string", param: "\(path).\(field)")
    }
    return text
  }

  // MARK: What may stand where

  /// The content of a message without calls and results.
  ///
  /// - Throws: `RequestError` 400.
  func plain(at path: String) throws -> [ContentBlock] {
    guard calls.isEmpty, results.isEmpty else {
      throw RequestError.invalid("\(path): tool_use and tool_result are not allowed here", param: path)
    }
    return said
  }

  /// The content of a message that has only texts.
  ///
  /// - Throws: `RequestError` 400.
  func instructions(at path: String) throws -> [ContentBlock] {
    guard try plain(at: path).allSatisfy({ $0.text != nil }) else {
      throw RequestError.invalid("\(path) must be text", param: path)
    }
    return said
  }
}
