import Bytes
import EventLoop
import HTTP
import HTTPServer

/// Reads a request's body as a JSON object.
enum JSONBody {
  /// Larger bodies are parsed off the loop (300 MB/s: this much takes a millisecond).
  static let inlineLimit = 256 * 1024

  /// - Throws: `HTTPError` 415 for another content type or coding, 400 for anything but a JSON object.
  static func object(of request: HTTPRequest) async throws -> JSONObject {
    try checkType(request.head.fields)
    let body = request.body
    let value: JSONValue
    if isReadInline(body) {
      value = try parse(body)
    } else {
      value = try await Task.detached { try parse(body) }.value
    }
    guard let object = value.object else { throw HTTPError.invalidRequest("The request body must be a JSON object") }
    return object
  }

  static func isReadInline(_ body: [UInt8]) -> Bool { body.count <= inlineLimit }

  private static func checkType(_ fields: HTTPFields) throws {
    if let coding = fields["content-encoding"], coding.lowercased() != "identity" {
      throw unsupported("Content-Encoding \(coding) is not read here")
    }
    guard let type = fields["content-type"] else { return }
    let parts = type.lowercased().split(separator: ";").map { $0.filter { !$0.isWhitespace } }
    let media = parts.first ?? ""
    guard media == "application/json" || media.hasSuffix("+json") else {
      throw unsupported("Content-Type must be application/json, not \(type)")
    }
    for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
      let charset = parameter.dropFirst(8).filter { $0 != "\"" }
      guard charset == "utf-8" || charset == "utf8" else { throw unsupported("The only charset of JSON is UTF-8") }
    }
  }

  private static func parse(_ body: [UInt8]) throws -> JSONValue {
    guard !body.isEmpty else { throw HTTPError.invalidRequest("The request body is empty; JSON was expected") }
    do {
      return try JSONValue(parsing: body)
    } catch {
      throw HTTPError.invalidRequest(
        "The request body is not valid JSON: \(error.reason) at byte \(error.offset)", code: "invalid_json")
    }
  }

  private static func unsupported(_ message: String) -> HTTPError {
    HTTPError(
      .unsupportedMediaType, type: "invalid_request_error", code: "unsupported_media_type", message: message)
  }
}
