import Bytes
import EventLoop
import HTTP
package import Telemetry

@testable package import HTTPServer

extension HTTPRequest {
  /// A request without a connection, read from its bytes.
  ///
  /// - Parameter fields: lines of its head.
  package static func of(
    _ method: String, _ target: String, _ fields: [String] = [], host: String = "x", body: String = ""
  ) throws -> HTTPRequest {
    var parser = HTTPRequestParser(limits: HTTPLimits())
    var input = ByteBuffer(
      "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields.map { $0 + "\r\n" }.joined())\r\n".utf8)
    var rest: [UInt8] = []
    guard case .head(let head, _) = try parser.next(&input, body: &rest) else { throw TestFailure("no head") }
    return HTTPRequest(head: head, body: Array(body.utf8))
  }
}

extension RequestContext {
  /// A context without a connection.
  package static func detached(logger: Logger = .silent) -> RequestContext {
    RequestContext(peer: "client:1", logger: logger, startedAt: ContinuousClock.now)
  }

  /// The value of a field that the response is to have.
  package func responseField(_ name: String) -> String? { responseFields.first { $0.name == name }?.value }
}
