import Bytes
import EventLoop
import HTTP
import HTTPServer
import Turns

/// Reads a request's body as a JSON object.
enum JSONBody {
  /// - Throws: `RequestError` 400 for anything but a JSON object.
  @Reactor
  static func object(of request: HTTPRequest) async throws -> JSONObject {
    try await read(request) { object, _ in object }
  }

  /// Makes a value of the body, given as an object and as bytes. A large body is parsed, and the value made, off the
  /// loop. The body is taken from the request: nothing else can read it again.
  ///
  /// - Throws: as `object`, and what `make` throws.
  @Reactor
  static func read<Value: Sendable>(
    _ request: HTTPRequest, _ make: @escaping @Sendable (JSONObject, [UInt8]) throws -> Value
  ) async throws -> Value {
    let body = request.body.take()
    return try await OffLoop.shared.run(on: body.count) { try make(try object(body), body) }
  }

  private static func object(_ body: [UInt8]) throws -> JSONObject {
    guard let object = try parse(body).object else {
      throw RequestError.invalid("The request body must be a JSON object")
    }
    return object
  }

  /// U+FEFF in UTF-8. A parser may ignore it at the beginning of a document (RFC 8259 section 8.1).
  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func parse(_ body: [UInt8]) throws -> JSONValue {
    let start = body.starts(with: byteOrderMark) ? byteOrderMark.count : 0
    guard body.count > start else { throw RequestError.invalid("The request body is empty; JSON was expected") }
    do {
      return try JSONValue(parsing: body.span.extracting(start...), maximumValues: RequestLimits.values)
    } catch {
      throw RequestError.invalid(
        "The request body is not valid JSON: \(error.reason) at byte \(start + error.offset)", code: "invalid_json")
    }
  }
}
