import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// The content of OpenAI messages: a string, null, or parts.
enum ChatContent {
  /// - Throws: `RequestError` 400.
  static func blocks(of content: JSONValue, at path: String) throws -> [ContentBlock] {
    switch content {
    case .null: return []
    case .string(let text): return text.isEmpty ? [] : [.text(text)]
    case .array(let parts): return try parts.enumerated().flatMap { try blocks(ofPart: $1, at: "\(path)[\($0)]") }
    case .bool, .number, .object:
      throw RequestError.invalid("\(path) must be a string, an array of parts, or null", param: path)
    }
  }

  private static func blocks(ofPart part: JSONValue, at path: String) throws -> [ContentBlock] {
    if case .string(let text) = part { return [.text(text)] }
    switch part["type"]?.string {
    case "text", "input_text", "output_text":
      guard let text = part["text"]?.string else {
        throw RequestError.invalid("\(path).text must be a string", param: "\(path).text")
      }
      return [.text(text)]
    case "refusal": return part["refusal"]?.string.map { [.text($0)] } ?? []
    case "tool_result": return try blocks(of: part["content"] ?? .null, at: "\(path).content")
    case "image_url", "input_image": return [try image(part["image_url"] ?? .null, at: "\(path).image_url")]
    case "image": return [try nativeImage(part, at: path)]
    case let type:
      throw RequestError.invalid(
        "\(path): content of type \(type ?? "null") is not supported", param: path, code: "unsupported_content")
    }
  }

  // `image_url` is an object with a url, or the url itself.
  private static func image(_ value: JSONValue, at path: String) throws -> ContentBlock {
    guard let url = value["url"]?.string ?? value.string else {
      throw RequestError.invalid("\(path).url must be a string", param: path)
    }
    guard let image = DataURL(url) else {
      throw RequestError.invalid(
        url.hasPrefix("data:")
          ? "\(path): the data URL must be base64" : "\(path): only data: URLs are accepted; nothing is fetched",
        param: path, code: "invalid_image_url")
    }
    return try checked(image.mediaType, image.base64, at: path)
  }

  /// Anthropic's own form.
  static func nativeImage(_ part: JSONValue, at path: String) throws -> ContentBlock {
    guard case .image(let mediaType, let base64) = ContentBlock(part) else {
      throw RequestError.invalid("\(path): an image must have a base64 source", param: path)
    }
    return try checked(mediaType, base64, at: path)
  }

  private static func checked(_ mediaType: String, _ base64: String, at path: String) throws -> ContentBlock {
    guard ImageLimits.mediaTypes.contains(mediaType) else {
      throw RequestError.invalid(
        "\(path): images must be \(ImageLimits.mediaTypes.sorted().joined(separator: ", "))", param: path,
        code: "unsupported_image_type")
    }
    guard base64.utf8.count <= ImageLimits.maximumLength else {
      throw RequestError.invalid(
        "\(path): the image is larger than \(ImageLimits.maximumLength) bytes of base64", param: path,
        code: "image_too_large")
    }
    guard DataURL.isBase64(base64) else {
      throw RequestError.invalid("\(path): the image is not base64", param: path, code: "invalid_image_url")
    }
    return .image(mediaType: mediaType, base64: base64)
  }
}

/// `data:image/png;base64,…` (RFC 2397).
struct DataURL: Equatable {
  let mediaType: String
  let base64: String

  /// Nil for any other URL.
  init?(_ url: String) {
    guard url.utf8.count > 5, url.prefix(5).lowercased() == "data:", let comma = url.utf8.firstIndex(of: Ascii.comma)
    else { return nil }
    let parameters = url[..<comma].dropFirst(5).lowercased().split(separator: ";", omittingEmptySubsequences: false)
    guard parameters.last == "base64", let type = parameters.first else { return nil }
    mediaType = type == "image/jpg" ? "image/jpeg" : String(type)
    base64 = String(url[comma...].dropFirst())
  }

  /// Whether the text is valid, non-empty base64 (RFC 4648, section 4).
  static func isBase64(_ text: String) -> Bool {
    let bytes = text.utf8
    guard !bytes.isEmpty, bytes.count % 4 == 0 else { return false }
    let digits = bytes.count - bytes.suffix(2).count { $0 == Ascii.equals }
    return bytes.prefix(digits).allSatisfy {
      Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/")
    }
  }
}
