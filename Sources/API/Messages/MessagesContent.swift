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

  /// Texts, images and documents, in order.
  private(set) var said: [ContentBlock] = []
  private(set) var calls: [ChatToolCall] = []
  private(set) var results: [Result] = []
  private let place: ContentPlace

  /// - Throws: `RequestError` 400.
  init(_ content: JSONValue, at path: String, in place: ContentPlace = .newest) throws {
    self.place = place
    switch content {
    case .null: break
    case .string(let text): say(text)
    case .array(let blocks): for (index, block) in blocks.enumerated() { try take(block, at: "\(path)[\(index)]") }
    case .bool, .number, .object:
      throw RequestError.invalid("\(path) must be a string or an array of blocks", param: path)
    }
  }

  /// The content of one block.
  ///
  /// - Throws: `RequestError` 400.
  init(block: JSONValue, at path: String, in place: ContentPlace) throws {
    self.place = place
    try take(block, at: path)
  }

  private mutating func say(_ text: String) {
    if !text.isEmpty { said.append(.text(text)) }
  }

  private mutating func take(_ block: JSONValue, at path: String) throws {
    switch block["type"]?.string {
    case "text": say(try MessagesContent.string(block, "text", at: path))
    case "image": said += try ImageContent.blocks(native: block, at: path, in: place)
    case "document": said += try document(block, at: path)
    case "search_result": said.append(try MessagesContent.searchResult(block, at: path))
    case "tool_use": calls.append(try MessagesContent.call(block, at: path))
    case "tool_result": results.append(try result(block, at: path))
    // The tool is among those that the request offers.
    case "tool_reference": say("\(try MessagesContent.name(block, "tool_name", at: path)) is loaded")
    // What another server's tools did. The answer's text says what came of it.
    case "mcp_tool_use": tell("[called \(block["name"]?.string ?? "a tool")(\((block["input"] ?? [:]).text))]")
    case "mcp_tool_result":
      tell(ContentBlock.list(block["content"] ?? .null).compactMap(\.text).joined(separator: "\n"))
    case "container_upload": if place != .answer { say("[a file in a container was left out]") }
    // The session has its own thinking; the upstream accepts no other.
    case "thinking", "redacted_thinking": break
    case let type: said += try unusable(type ?? "null", at: path)
    }
  }

  private mutating func tell(_ text: String) {
    if !text.isBlank { say("\n\(text)\n") }
  }

  private func unusable(_ type: String, at path: String) throws -> [ContentBlock] {
    try place.unusable(
      "content of type \(type)",
      RequestError.invalid(
        "\(path): content of type \(type) is not supported", param: path, code: "unsupported_content"))
  }

  private static func call(_ block: JSONValue, at path: String) throws -> ChatToolCall {
    let given = block["input"] ?? [:]
    // Some clients send the JSON text of the object.
    let input = given.string.flatMap { try? JSONValue(parsing: $0.isEmpty ? "{}" : $0) } ?? given
    guard input.object != nil else {
      throw RequestError.invalid("\(path).input must be an object", param: "\(path).input")
    }
    return ChatToolCall(
      id: CallID.received(try name(block, "id", at: path)), name: try name(block, "name", at: path),
      arguments: input.text)
  }

  private func result(_ block: JSONValue, at path: String) throws -> Result {
    let content = try MessagesContent(block["content"] ?? .null, at: "\(path).content", in: place)
    return Result(
      id: CallID.received(try MessagesContent.name(block, "tool_use_id", at: path)),
      content: try content.plain(at: "\(path).content"), isError: block["is_error"]?.bool ?? false)
  }

  /// A text document is passed on as text, a PDF as it is.
  private func document(_ block: JSONValue, at path: String) throws -> [ContentBlock] {
    let (title, source) = (block["title"]?.string.flatMap { $0.isEmpty ? nil : $0 }, block["source"] ?? .null)
    let heading = title.map { [ContentBlock.text($0)] } ?? []
    let context = block["context"]?.string.flatMap { $0.isEmpty ? nil : [ContentBlock.text($0)] } ?? []
    switch source["type"]?.string {
    case "text":
      return context + heading + [.text(try MessagesContent.string(source, "data", at: "\(path).source"))]
    case "content":
      let content = try MessagesContent(source["content"] ?? .null, at: "\(path).source.content", in: place)
      return context + heading + (try content.plain(at: "\(path).source.content"))
    case "base64":
      let data = try MessagesContent.string(source, "data", at: "\(path).source")
      return context
        + (try FileContent.blocks(
          data, type: source["media_type"]?.string ?? "", name: title, at: "\(path).source", in: place))
    case let type:
      return try place.unusable(
        "a document",
        RequestError.invalid(
          "\(path): a document must have a source of type text, content or base64, not \(type ?? "null"); "
            + "nothing is fetched", param: path, code: "unsupported_content"))
    }
  }

  private static func searchResult(_ block: JSONValue, at path: String) throws -> ContentBlock {
    let content = try MessagesContent(block["content"] ?? .null, at: "\(path).content")
    let texts = try content.instructions(at: "\(path).content").compactMap(\.text)
    return .searchResult(
      source: try string(block, "source", at: path), title: try string(block, "title", at: path), texts: texts)
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
