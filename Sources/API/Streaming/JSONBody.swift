import Bytes
import EventLoop
import HTTP
import HTTPServer

/// Reads a request's body as a JSON object.
enum JSONBody {
  /// Larger bodies are parsed off the loop (300 MB/s: this much takes a millisecond).
  static let inlineLimit = 256 * 1024

  /// - Throws: `HTTPError` 415 for another content type or coding, 400 for anything but a JSON object.
  static func object(of request: HTTPRequest) async throws -> JSONObject { try await read(request) { $0 } }

  /// What `make` makes of the body; of a large one it is made where it is parsed, off the loop.
  ///
  /// - Throws: as `object`, and what `make` throws.
  static func read<Value: Sendable>(
    _ request: HTTPRequest, _ make: @escaping @Sendable (JSONObject) throws -> Value
  ) async throws -> Value {
    try checkType(request.head.fields)
    let body = request.body
    return try await work(on: body.count) { try make(try object(body)) }
  }

  /// Does what takes time with so many bytes: off the loop, if they are many.
  ///
  /// - Throws: what `body` throws.
  static func work<Value: Sendable>(
    on count: Int, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    isDoneInline(count) ? try body() : try await Task.detached { try body() }.value
  }

  private static func object(_ body: [UInt8]) throws -> JSONObject {
    guard let object = try parse(body).object else {
      throw HTTPError.invalidRequest("The request body must be a JSON object")
    }
    return object
  }

  static func isDoneInline(_ count: Int) -> Bool { count <= inlineLimit }

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
