package import EventLoop
import Glibc
package import HTTP
import System
package import Telemetry
import TestSupport
import Testing

@testable package import HTTPServer

/// A request as a test writes it.
package struct TestRequest: Sendable {
  package var method: String
  package var target: String
  /// Lines of the head, `name: value`.
  package var fields: [String]
  package var body: String

  package init(_ method: String, _ target: String, _ fields: [String] = [], body: String = "") {
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
  }

  package static func get(_ target: String, _ fields: [String] = []) -> TestRequest {
    TestRequest("GET", target, fields)
  }

  /// A POST request with a JSON body.
  package static func post(_ target: String, _ fields: [String], _ body: String) -> TestRequest {
    TestRequest("POST", target, ["content-type: application/json"] + fields, body: body)
  }

  package static func post(_ target: String, _ body: String) -> TestRequest { post(target, [], body) }
}

/// The way from a test to a server: the same test works on each.
@Reactor
package protocol TestTransport {
  /// Sends a request and returns its complete response.
  func send(_ request: TestRequest) async throws -> TestResponse
}

/// Calls the server's middleware and routes: no socket.
@Reactor
package struct InProcessTransport: TestTransport {
  private let server: HTTPServer
  private let logger: Logger

  package init(_ server: HTTPServer, logger: Logger = .silent) {
    self.server = server
    self.logger = logger
  }

  package func send(_ request: TestRequest) async throws -> TestResponse {
    let exchange = try await begin(request)
    return await exchange.response()
  }

  /// Sends a request and returns when the response has begun.
  package func begin(_ request: TestRequest) async throws -> InProcessExchange {
    let context = RequestContext.detached(logger: logger)
    let complete = try HTTPRequest.of(
      request.method, request.target, request.fields, host: "localhost", body: request.body)
    return InProcessExchange(await server.response(to: complete, context), context)
  }
}

/// A response that has begun, without a connection.
@Reactor
package final class InProcessExchange {
  package let head: HTTPResponseHead
  private let context: RequestContext
  private let body: BodyCollector

  init(_ response: HTTPResponse, _ context: RequestContext) {
    head = response.head
    self.context = context
    body = BodyCollector(response.body)
    body.start()
  }

  /// What has come of the body.
  package var text: String { String(decoding: body.bytes, as: UTF8.self) }
  /// How the body ended; nil while it is under way.
  package var ending: BodyCollector.Ending? { body.ending }

  /// Waits for the body's end.
  package func response() async -> TestResponse {
    await until { self.body.ending != nil }
    end()
    return TestResponse(
      statusLine: "HTTP/1.1 \(head.status.rawValue) \(head.status.reason)",
      fields: head.fields.map { "\($0.name): \($0.value)" }, body: body.bytes)
  }

  /// The client leaves.
  package func leave() {
    context.cancellation.cancel()
    body.leave()
    end()
  }

  private func end() {
    context.end(
      RequestSummary(status: head.status, bytes: body.bytes.count, isComplete: body.ending == .finished))
  }
}

/// Sends requests to a listening server over TCP, each on a connection of its own.
@Reactor
package struct SocketTransport: TestTransport {
  private let port: Int

  /// Has `server` listen.
  package init(_ server: HTTPServer) throws {
    if server.port == nil { try server.listen(host: "127.0.0.1", port: 0) }
    port = server.port ?? 0
  }

  package func send(_ request: TestRequest) async throws -> TestResponse {
    let client = try TestClient(try SocketTransport.connect(port))
    defer { client.close() }
    let fields = ["host: localhost", "connection: close", "content-length: \(request.body.utf8.count)"]
    client.send(
      "\(request.method) \(request.target) HTTP/1.1\r\n"
        + (fields + request.fields).map { "\($0)\r\n" }.joined() + "\r\n" + request.body)
    return try await client.response(toHead: request.method == "HEAD")
  }

  private static func connect(_ port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    // The kernel accepts in the server's place, so that this does not wait for the loop.
    let code = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      let error = errno
      close(descriptor)
      throw SystemCallError("connect", code: error)
    }
    return descriptor
  }
}
