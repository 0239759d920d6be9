import Bytes
import EventLoop
import HTTP
import Identity
import Telemetry

@testable import API
@testable import Turns
@testable import HTTPServer

extension HTTPRequest {
  struct Broken: Error {}

  /// A request without a connection, read from its bytes.
  static func of(
    _ method: String, _ target: String, _ fields: [String] = [], host: String = "x", body: String = ""
  ) throws -> HTTPRequest {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer(
      "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields.map { $0 + "\r\n" }.joined())\r\n".utf8)
    var rest: [UInt8] = []
    guard case .head(let head, _) = try parser.next(&input, body: &rest) else { throw Broken() }
    return HTTPRequest(head: head, body: Array(body.utf8))
  }
}

extension RequestContext {
  /// A context without a connection.
  static func detached(logger: Logger = .silent) -> RequestContext {
    RequestContext(peer: "client:1", logger: logger, startedAt: ContinuousClock.now)
  }

  /// The request as the application sees it.
  func caller(_ principal: Principal) -> Caller {
    Caller(principal: principal, requestID: requestID, logger: logger, cancellation: cancellation)
  }

  /// The value of a field that the answer is to have.
  func responseField(_ name: String) -> String? { responseFields.first { $0.name == name }?.value }
}

extension HTTPResponse {
  /// The body as text; nil for one that comes piece by piece.
  var text: String? {
    if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { nil }
  }
}

/// A JSON object written as text.
func object(_ text: String) throws -> JSONObject {
  guard let object = try JSONValue(parsing: text).object else { throw HTTPRequest.Broken() }
  return object
}

extension RequestError {
  /// Status, `param` and `code`, for tables.
  var summary: String { "\(status) \(param ?? "-") \(code ?? "-")" }
}

/// What a `RequestError` thrown by `body` says in short; nil if nothing is thrown.
func refusal(_ body: () throws -> Void) throws -> String? {
  do {
    try body()
    return nil
  } catch let error as RequestError {
    return error.summary
  }
}

extension Caller {
  /// A caller that does not give up.
  @Reactor
  static func of(_ principal: Principal = FactoryStage.me) -> Caller { RequestContext.detached().caller(principal) }
}
