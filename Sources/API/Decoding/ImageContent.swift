import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// Images of messages. Their bytes decide their type: the upstream refuses an image of another type than it says.
enum ImageContent {
  /// `image_url` is an object with a url, or the url itself.
  ///
  /// - Throws: `RequestError` 400.
  static func blocks(ofURL value: JSONValue, at path: String, in place: ContentPlace) throws -> [ContentBlock] {
    guard let url = value["url"]?.string ?? value.string else {
      throw RequestError.invalid("\(path).url must be a string", param: path)
    }
    guard let image = DataURL(url) else {
      let isData = DataURL.isData(url)
      return try (isData ? .newest : place).unusable(
        "an image",
        RequestError.invalid(
          isData
            ? "\(path): the data URL must be base64" : "\(path): only data: URLs are accepted; nothing is fetched",
          param: path, code: "invalid_image_url"))
    }
    return [try block(image.mediaType, image.base64, at: path)]
  }

  /// Anthropic's own form.
  ///
  /// - Throws: `RequestError` 400.
  static func blocks(native part: JSONValue, at path: String, in place: ContentPlace) throws -> [ContentBlock] {
    guard let data = part["source"]?["data"]?.string else {
      return try place.unusable(
        "an image",
        RequestError.invalid("\(path): an image must have a base64 source; nothing is fetched", param: path))
    }
    return [try block(part["source"]?["media_type"]?.string ?? "", data, at: path)]
  }

  /// - Parameter declared: the type that the client names; it counts only if the bytes do not tell.
  /// - Throws: `RequestError` 400.
  static func block(_ declared: String, _ text: String, at path: String) throws -> ContentBlock {
    let base64 = Base64Text.normalized(text)
    guard (base64 ?? text).utf8.count <= ImageLimits.maximumLength else {
      throw RequestError.invalid(
        "\(path): the image is larger than \(ImageLimits.maximumLength) bytes of base64", param: path,
        code: "image_too_large")
    }
    let declared = declared.lowercased() == "image/jpg" ? "image/jpeg" : declared.lowercased()
    let type = base64.flatMap { mediaType(of: Base64Text.decoded($0, prefix: longestSignature)) } ?? declared
    guard ImageLimits.mediaTypes.contains(type) else {
      throw RequestError.invalid(
        "\(path): images must be \(ImageLimits.mediaTypes.sorted().joined(separator: ", "))", param: path,
        code: "unsupported_image_type")
    }
    guard let base64 else {
      throw RequestError.invalid("\(path): the image is not base64", param: path, code: "invalid_image_url")
    }
    return .image(mediaType: type, base64: base64)
  }

  /// Bytes that tell every type.
  static let longestSignature = 12

  /// The type of an image by its first bytes; nil for other data.
  static func mediaType(of head: [UInt8]) -> String? {
    if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
    if head.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if head.starts(with: "GIF87a".utf8) || head.starts(with: "GIF89a".utf8) { return "image/gif" }
    if head.starts(with: "RIFF".utf8), head.dropFirst(8).starts(with: "WEBP".utf8) { return "image/webp" }
    return nil
  }
}

/// `data:image/png;base64,…` (RFC 2397).
struct DataURL: Equatable {
  let mediaType: String
  let base64: String

  /// Nil for any other URL.
  init?(_ url: String) {
    guard DataURL.isData(url), let comma = url.utf8.firstIndex(of: Ascii.comma) else { return nil }
    let parameters = url[..<comma].dropFirst(5).lowercased().split(separator: ";", omittingEmptySubsequences: false)
    guard parameters.last == "base64", let type = parameters.first else { return nil }
    mediaType = String(type)
    base64 = String(url[comma...].dropFirst())
  }

  static func isData(_ url: String) -> Bool { url.utf8.count > 5 && url.prefix(5).lowercased() == "data:" }
}
