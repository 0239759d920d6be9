import Bytes
import CLinux
import EventLoop
import Glibc
import HTTP
import HTTPServerTestSupport
import Telemetry
import TestSupport
import Testing

@testable import HTTPServer

/// A server whose connections are socket pairs, with a clock that stands still.
@Reactor
final class TestServer {
  let server: HTTPServer
  let scheduler = ManualScheduler()
  /// Every complete request that a route has seen, in order.
  private(set) var requests: [HTTPRequest] = []
  /// Of every head that was read, in order.
  private(set) var contexts: [RequestContext] = []
  private(set) var summaries: [RequestSummary] = []
  nonisolated static let date = "Sat, 21 Nov 2026 04:32:10 GMT"

  /// A server whose answers are waited for.
  convenience init(
    limits: ServerLimits = ServerLimits(), isListening: Bool = true,
    _ responder: @escaping @Reactor (HTTPRequest, RequestContext) async throws -> HTTPResponse
  ) throws {
    try self.init(
      limits: limits, isListening: isListening,
      responder: { request, context in
        .pending { try await responder(request, context) }
      })
  }

  /// A server that takes any body, and may answer at once.
  convenience init(
    limits: ServerLimits = ServerLimits(), isListening: Bool = true, responder: @escaping Responder
  ) throws {
    let route = MatchedRoute(body: .bytes, responder)
    try self.init(limits: limits, isListening: isListening, deciding: { _, _ in .route(route) })
  }

  /// A server that decides on requests by their heads.
  init(
    limits: ServerLimits = ServerLimits(), isListening: Bool = true, deciding responder: @escaping HeadResponder
  ) throws {
    weak var recorder: TestServer?
    server = HTTPServer(
      limits: limits, logger: .silent, clock: { Timestamp(milliseconds: 1_795_235_530_000) }, scheduler: scheduler
    ) { head, context in
      recorder?.record(context)
      switch try responder(head, context) {
      case .response(let response): return .response(response)
      case .route(let route):
        return .route(
          MatchedRoute(body: route.body) { request, context in
            recorder?.requests.append(request)
            return try route.respond(request, context)
          })
      }
    }
    recorder = self
    // A server that does not listen is on its way out and keeps no connection.
    if isListening { try server.listen(host: "127.0.0.1", port: 0) }
  }

  /// A server that answers every request with the request's path.
  static func echoingPaths(limits: ServerLimits = ServerLimits()) throws -> TestServer {
    try TestServer(limits: limits) { request, _ in .text(request.head.path) }
  }

  func connect() throws -> TestClient {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(unsafe socketpair(AF_UNIX, type, 0, &ends) == 0)
    let client = try TestClient(ends[1])
    server.adopt(ends[0], peer: "client:1")
    return client
  }

  /// Returns when the server has seen everything that clients have done so far: the kernel reports in order.
  func settle() async throws {
    for _ in 0..<3 {
      var ends: [Int32] = [-1, -1]
      try #require(unsafe pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0)
      let witness = Witness()
      let channel = try Channel(adopting: ends[0], kind: .pipe, handler: witness)
      Glibc.close(ends[1])
      await until { witness.wasCalled }
      channel.close()
    }
  }

  /// Lets time pass, for deadlines and for the sweep that looks at them.
  func advance(by duration: Duration) { scheduler.advance(by: duration) }

  func close() {
    server.stopListening()
    server.closeAllConnections()
  }

  private func record(_ context: RequestContext) {
    contexts.append(context)
    context.whenEnded { self.summaries.append($0) }
  }

  @Reactor
  private final class Witness: DescriptorHandler {
    private(set) var wasCalled = false
    func descriptorIsReady(_ readiness: Readiness) { wasCalled = true }
  }
}

extension HTTPResponse {
  static func text(_ text: String, status: HTTPStatus = .ok) -> HTTPResponse {
    HTTPResponse(head: HTTPResponseHead(status, ["content-type": "text/plain"]), body: .bytes(Array(text.utf8)))
  }
}

/// The text of a POST request's head.
func post(_ path: String, _ fields: String...) -> String {
  "POST \(path) HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// The text of a GET request.
func get(_ path: String, _ fields: String...) -> String {
  "GET \(path) HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
}
