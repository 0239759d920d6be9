import Bytes
import ClaudeCode
import HTTPServer
import Turns

/// Files of messages. A PDF becomes a document, an image an image, and a text file a text that begins with its name.
enum FileContent {
  /// OpenAI's form: `file` parts of chat completions, and `input_file` parts of responses.
  ///
  /// - Parameters:
  ///   - part: the object that has `file_data` and `filename`.
  /// - Throws: `RequestError` 400.
  static func blocks(of part: JSONValue, at path: String, in place: ContentPlace) throws -> [ContentBlock] {
    guard let data = part["file_data"]?.string else {
      return try place.unusable(
        "a file",
        RequestError.invalid(
          "\(path): a file must have file_data; nothing is fetched by file_id or file_url", param: path,
          code: "unsupported_file"))
    }
    let name = part["filename"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    guard DataURL.isData(data) else { return try blocks(data, type: "", name: name, at: path, in: place) }
    guard let url = DataURL(data) else {
      throw RequestError.invalid("\(path).file_data: the data URL must be base64", param: path, code: "invalid_file")
    }
    return try blocks(url.base64, type: url.mediaType, name: name, at: path, in: place)
  }

  /// - Parameters:
  ///   - text: base64.
  ///   - type: the media type that the client names; it counts only if the bytes do not tell.
  ///   - name: the file's name, or the document's title.
  /// - Throws: `RequestError` 400.
  static func blocks(
    _ text: String, type: String, name: String?, at path: String, in place: ContentPlace
  ) throws -> [ContentBlock] {
    guard let base64 = Base64Text.normalized(text) else {
      throw RequestError.invalid("\(path): the file is not base64", param: path, code: "invalid_file")
    }
    let head = Base64Text.decoded(base64, prefix: signatureRange)
    if ImageContent.mediaType(of: head) != nil { return [try ImageContent.block("", base64, at: path)] }
    if isPDF(head) || type.lowercased() == ContentBlock.documentType {
      return [try document(base64, name: name, at: path)]
    }
    guard let content = plainText(Base64Text.decoded(base64)) else {
      return try place.unusable(
        "a file",
        RequestError.invalid(
          "\(path): a file must be a PDF, an image (png, jpeg, gif, webp) or text in UTF-8", param: path,
          code: "unsupported_file"))
    }
    return [.text(name.map { "\($0):\n\n\(content)" } ?? content)]
  }

  private static func document(_ base64: String, name: String?, at path: String) throws -> ContentBlock {
    guard base64.utf8.count <= DocumentLimits.maximumLength else {
      throw RequestError.invalid(
        "\(path): the document is larger than \(DocumentLimits.maximumLength) bytes of base64", param: path,
        code: "document_too_large")
    }
    return .document(base64: base64, title: name)
  }

  /// A PDF may have other bytes before its signature, within this range.
  static let signatureRange = 1024

  private static func isPDF(_ head: [UInt8]) -> Bool {
    let signature = Array("%PDF-".utf8)
    return head.indices.contains { head[$0...].starts(with: signature) }
  }

  /// Nil for a file that is not text in UTF-8.
  private static func plainText(_ bytes: [UInt8]) -> String? {
    let text = bytes.starts(with: JSONBody.byteOrderMark) ? bytes.dropFirst(JSONBody.byteOrderMark.count) : bytes[...]
    guard !text.contains(0) else { return nil }
    return String(validating: text, as: UTF8.self)
  }
}
