import Bytes
import EventLoop
import HTTP
import HTTPServer

/// Reads a request's body as a JSON object.
enum JSONBody {
  /// Larger bodies are parsed off the loop (300 MB/s: this much takes a millisecond).
  static let inlineLimit = 256 * 1024

  /// - Throws: `HTTPError` 400 for anything but a JSON object.
  @Reactor
  static func object(of request: HTTPRequest) async throws -> JSONObject {
    try await read(request) { object, _ in object }
  }

  /// What `make` makes of the body, read as an object and as it came; of a large one it is made where it is parsed, off
  /// the loop. It takes the body: nobody can read it again.
  ///
  /// - Throws: as `object`, and what `make` throws.
  @Reactor
  static func read<Value: Sendable>(
    _ request: HTTPRequest, _ make: @escaping @Sendable (JSONObject, [UInt8]) throws -> Value
  ) async throws -> Value {
    let body = request.body.take()
    defer { request.body.release() }
    return try await work(on: body.count) { try make(try object(body), body) }
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

  private static func parse(_ body: [UInt8]) throws -> JSONValue {
    guard !body.isEmpty else { throw HTTPError.invalidRequest("The request body is empty; JSON was expected") }
    do {
      return try JSONValue(parsing: body)
    } catch {
      throw HTTPError.invalidRequest(
        "The request body is not valid JSON: \(error.reason) at byte \(error.offset)", code: "invalid_json")
    }
  }
}
