public import Bytes

/// A part of a message, in the upstream's terms (Anthropic Messages API).
public enum ContentBlock: Equatable, Sendable {
  case text(String)
  /// - Parameters:
  ///   - mediaType: for instance `image/png`.
  ///   - base64: the image's bytes.
  case image(mediaType: String, base64: String)
  /// A PDF.
  ///
  /// - Parameters:
  ///   - base64: the file's bytes.
  ///   - title: for instance the file's name.
  case document(base64: String, title: String?)
  /// A passage that the client has found.
  ///
  /// - Parameters:
  ///   - source: where it comes from, for instance a URL.
  case searchResult(source: String, title: String, texts: [String])
  /// The model calls a tool; `input` is an object.
  case toolUse(id: String, name: String, input: JSONValue)
  /// A tool's result: texts, images, documents and search results.
  case toolResult(id: String, content: [ContentBlock], isError: Bool)

  /// The media type of a document.
  public static let documentType = "application/pdf"

  /// The text of a text block.
  public var text: String? { if case .text(let text) = self { text } else { nil } }

  /// The cost of a block besides its content: many small blocks are work, too.
  private static let frame = 64

  /// Its approximate size in bytes: a measure of the work it causes.
  public var size: Int {
    switch self {
    case .text(let text): ContentBlock.frame + text.utf8.count
    case .image(_, let base64): ContentBlock.frame + base64.utf8.count
    case .document(let base64, let title): ContentBlock.frame + base64.utf8.count + (title?.utf8.count ?? 0)
    case .searchResult(let source, let title, let texts):
      texts.reduce(ContentBlock.frame + source.utf8.count + title.utf8.count) { $0 + $1.utf8.count }
    case .toolUse(let id, let name, let input): ContentBlock.frame + id.utf8.count + name.utf8.count + input.size
    case .toolResult(_, let content, _): content.reduce(ContentBlock.frame) { $0 + $1.size }
    }
  }
}

extension ContentBlock {
  /// The block in the spelling of the CLI and the upstream.
  public var json: JSONValue {
    switch self {
    case .text(let text): ["type": "text", "text": .string(text)]
    case .image(let mediaType, let base64):
      [
        "type": "image",
        "source": ["type": "base64", "media_type": .string(mediaType), "data": .string(base64)],
      ]
    case .document(let base64, let title): ContentBlock.json(document: base64, title)
    case .searchResult(let source, let title, let texts):
      [
        "type": "search_result", "source": .string(source), "title": .string(title),
        "content": .array(texts.map { ["type": "text", "text": .string($0)] }),
      ]
    case .toolUse(let id, let name, let input):
      ["type": "tool_use", "id": .string(id), "name": .string(name), "input": input]
    case .toolResult(let id, let content, let isError):
      [
        "type": "tool_result", "tool_use_id": .string(id), "content": .array(content.map(\.json)),
        "is_error": .bool(isError),
      ]
    }
  }

  private static func json(document base64: String, _ title: String?) -> JSONValue {
    var document: JSONObject = [
      "type": "document",
      "source": ["type": "base64", "media_type": .string(documentType), "data": .string(base64)],
    ]
    if let title { document["title"] = .string(title) }
    return .object(document)
  }

  /// Nil for a block of an unknown type.
  public init?(_ json: JSONValue) {
    switch json["type"]?.string {
    case "text":
      guard let text = json["text"]?.string else { return nil }
      self = .text(text)
    case "image":
      guard let type = json["source"]?["media_type"]?.string, let data = json["source"]?["data"]?.string else {
        return nil
      }
      self = .image(mediaType: type, base64: data)
    case "document":
      guard json["source"]?["media_type"]?.string == ContentBlock.documentType,
        let data = json["source"]?["data"]?.string
      else { return nil }
      self = .document(base64: data, title: json["title"]?.string)
    case "search_result":
      guard let source = json["source"]?.string, let title = json["title"]?.string else { return nil }
      self = .searchResult(
        source: source, title: title, texts: ContentBlock.list(json["content"] ?? .null).compactMap(\.text))
    case "tool_use":
      guard let id = json["id"]?.string, let name = json["name"]?.string else { return nil }
      self = .toolUse(id: id, name: name, input: json["input"] ?? [:])
    case "tool_result":
      guard let id = json["tool_use_id"]?.string else { return nil }
      self = .toolResult(
        id: id, content: ContentBlock.list(json["content"] ?? .null), isError: json["is_error"]?.bool == true)
    default: return nil
    }
  }

  /// Content is a string or an array of blocks; unknown blocks are left out.
  public static func list(_ content: JSONValue) -> [ContentBlock] {
    if let text = content.string { return text.isEmpty ? [] : [.text(text)] }
    return (content.array ?? []).compactMap { ContentBlock($0) }
  }
}
