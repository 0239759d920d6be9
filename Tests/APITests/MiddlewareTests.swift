import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Synchronization
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import API

/// Passes a request through one layer, and remembers whether it came out at the other side.
@Reactor
private final class Passage {
  let context: RequestContext
  private(set) var principal: Principal?
  private(set) var hasPassed = false

  init(logger: Logger = .silent) { context = .detached(logger: logger) }

  func send(_ request: HTTPRequest, through layer: any Middleware) async throws -> HTTPResponse {
    if let answer = try layer.intercept(request.head, context) { return answer }
    hasPassed = true
    principal = context[Principal.self]
    return HTTPResponse(head: HTTPResponseHead(.ok))
  }
}

@Reactor
@Suite(.bounded)
struct APIKeyMiddlewareTests {
  private let layer = APIKeyMiddleware(
    keys: APIKeyRing(["sk-live-0123456789abcdefghij", "second-key-0123456789abcdef"]))

  @Test(
    "a valid key is accepted in any field, whatever the others hold",
    arguments: [
      ["Authorization: Bearer sk-live-0123456789abcdefghij"], ["authorization: bearer  second-key-0123456789abcdef"],
      ["x-api-key: sk-live-0123456789abcdefghij"],
      ["Authorization: Basic dXNlcjpwYXNz", "X-Api-Key: sk-live-0123456789abcdefghij"],
      ["api-key: sk-live-0123456789abcdefghij"],
      ["Authorization: Bearer wrong-key-wrong-key-wrong", "x-api-key: sk-live-0123456789abcdefghij"],
      ["x-api-key: sk-live-0123456789abcdefghij", "Authorization: Bearer wrong-key-wrong-key-wrong"],
      ["Authorization: Bearer sk-live-0123456789abcdefghij", "x-api-key: placeholder"],
      ["Authorization: Bearer a", "x-api-key: b", "api-key: second-key-0123456789abcdef"],
    ])
  func known(fields: [String]) async throws {
    let passage = Passage()
    _ = try await passage.send(try .of("POST", "/v1/chat/completions", fields), through: layer)
    #expect(passage.principal?.id.hasPrefix("key-") == true)
    #expect(passage.context.account == passage.principal?.id)
  }

  @Test(
    "missing and unknown keys have different messages, masked, and nothing runs",
    arguments: [
      ([], "Missing API key: send Authorization: Bearer <key>"),
      (["Authorization: Basic x"], "Missing API key: send Authorization: Bearer <key>"),
      (["Authorization: Bearer"], "Missing API key: send Authorization: Bearer <key>"),
      (
        ["Authorization: Bearer sk-live-0123456789abcdefghiX"], "Incorrect API key provided: sk-live-…"
      ), (["x-api-key: short"], "Incorrect API key provided: s…"),
      (
        ["Authorization: Bearer wrong-key-wrong-key-wrong", "x-api-key: other", "api-key: third"],
        "Incorrect API key provided: wrong-ke…"
      ),
    ])
  func refused(fields: [String], message: String) async throws {
    let passage = Passage()
    let error = await #expect(throws: HTTPError.self) {
      _ = try await passage.send(try .of("GET", "/v1/models", fields), through: layer)
    }
    #expect(
      error
        == HTTPError(
          .unauthorized, type: "invalid_request_error", code: "invalid_api_key", message: message,
          headers: [
            HTTPResponseHead.Field(name: "www-authenticate", value: "Bearer"),
            HTTPResponseHead.Field(name: "x-should-retry", value: "false"),
          ]))
    #expect(!passage.hasPassed)
  }

  @Test(
    "a missing key is asked for in the dialect's own header",
    arguments: [
      ("/v1/messages", "x-api-key: <key>"), ("/v1/messages/count_tokens", "x-api-key: <key>"),
      ("/v1/models?anthropic", "x-api-key: <key>"), ("/v1/models", "Authorization: Bearer <key>"),
      ("/v1/responses", "Authorization: Bearer <key>"), ("/agent/start", "Authorization: Bearer <key>"),
      ("/messages", "Authorization: Bearer <key>"),
    ])
  func missingKey(path: String, field: String) async throws {
    let fields = path.hasSuffix("?anthropic") ? ["anthropic-version: 2023-06-01"] : []
    let error = await #expect(throws: HTTPError.self) {
      _ = try await Passage().send(try .of("POST", path, fields), through: layer)
    }
    #expect(error?.message == "Missing API key: send \(field)")
  }

  @Test(
    "probes and preflights need no key; health details and lookalikes do",
    arguments: [
      ("GET", "/health", false), ("GET", "/health/live", true), ("HEAD", "/health/ready", true),
      ("GET", "/health/", false), ("GET", "/health/live/x", false), ("GET", "/health/other", false),
      ("GET", "/health%2Flive", false), ("OPTIONS", "/v1/models", true),
      ("GET", "/healthy", false), ("GET", "/v1/health", false), ("GET", "/", false),
    ])
  func publicPaths(method: String, path: String, isPublic: Bool) async throws {
    let passage = Passage()
    do {
      _ = try await passage.send(try .of(method, path), through: layer)
    } catch is HTTPError {}
    #expect(passage.hasPassed == isPublic)
    #expect(passage.principal == (isPublic ? .anonymous : nil))
  }

  @Test("health details without a key name the probes")
  func healthDetails() async throws {
    let error = await #expect(throws: HTTPError.self) {
      _ = try await Passage().send(try .of("GET", "/health"), through: layer)
    }
    #expect(
      error?.message
        == "Missing API key: send Authorization: Bearer <key>; /health/live and /health/ready need none")
  }

  @Test("without configured keys every caller is anonymous")
  func noKeys() async throws {
    let passage = Passage()
    _ = try await passage.send(
      try .of("POST", "/api/claude", ["x-api-key: any"]), through: APIKeyMiddleware(keys: APIKeyRing([])))
    #expect(passage.principal == .anonymous)
    #expect(passage.context.account == nil)
  }

  @Test("attempts are logged with peer and masked key")
  func logging() async throws {
    let sink = Sink()
    for fields in [[], ["x-api-key: sk-live-0123456789abcdefghiX"], ["x-api-key: sk-live-0123456789abcdefghij"]] {
      let passage = Passage(logger: sink.logger)
      do {
        _ = try await passage.send(try .of("GET", "/", fields), through: layer)
      } catch is HTTPError {}
    }
    #expect(
      sink.lines == [
        #"{"level":"warn","msg":"authentication failed","reason":"no key","peer":"client:1"}"#,
        #"{"level":"warn","msg":"authentication failed","reason":"unknown key","key":"sk-live-…","peer":"client:1"}"#,
        #"{"level":"info","msg":"authenticated","key":"sk-live-…","peer":"client:1"}"#,
      ])
  }
}

@Reactor
@Suite(.bounded)
struct RequestIDMiddlewareTests {
  private let layer = RequestIDMiddleware { "new" }

  @Test(
    "a valid client id is kept, any other is replaced",
    arguments: [
      ("abc-DEF_0.9", "abc-DEF_0.9"), (String(repeating: "x", count: 127), String(repeating: "x", count: 127)),
      (String(repeating: "x", count: 128), String(repeating: "x", count: 128)),
      (String(repeating: "x", count: 129), "req_new"), ("", "req_new"), ("a b", "req_new"), ("a\"b", "req_new"),
      ("é", "req_new"), ("a/b", "req_new"), ("{}", "req_new"),
    ])
  func ids(sent: String, expected: String) async throws {
    let passage = Passage()
    _ = try await passage.send(try .of("GET", "/", ["X-Request-Id: \(sent)"]), through: layer)
    #expect(passage.context.requestID == expected)
    #expect(passage.context.responseField("x-request-id") == expected)
  }

  @Test("a missing request id is generated")
  func missing() async throws {
    let passage = Passage()
    _ = try await passage.send(try .of("GET", "/"), through: layer)
    #expect(passage.context.requestID == "req_new")
  }
}

@Reactor
@Suite(.bounded)
struct CORSMiddlewareTests {
  private let open = CORSMiddleware(allowsAnyOrigin: true, allowedOrigins: [])
  private let listed = CORSMiddleware(allowsAnyOrigin: false, allowedOrigins: ["https://ok.example"])

  private static let preflight = [
    "Origin: https://ok.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-a, x-b",
  ]

  @Test("a request without an origin passes")
  func noOrigin() async throws {
    let passage = Passage()
    _ = try await passage.send(try .of("GET", "/"), through: open)
    #expect(passage.hasPassed)
    #expect(passage.context.responseFields.isEmpty)
  }

  @Test(
    "an allowed origin may read the response, another may not",
    arguments: [
      (true, "https://any.example", true), (false, "https://ok.example", true), (false, "https://no.example", false),
    ])
  func origins(allowsAny: Bool, origin: String, isAllowed: Bool) async throws {
    let passage = Passage()
    _ = try await passage.send(try .of("GET", "/", ["Origin: \(origin)"]), through: allowsAny ? open : listed)
    #expect(passage.hasPassed)
    #expect(passage.context.responseField("vary") == "origin")
    #expect(passage.context.responseField("access-control-allow-origin") == (isAllowed ? origin : nil))
    #expect(
      passage.context.responseField("access-control-expose-headers")
        == (isAllowed ? "x-request-id, request-id, x-session-id, x-claude-warning, retry-after" : nil))
  }

  @Test("a preflight of an allowed origin is answered by the middleware")
  func preflight() async throws {
    let passage = Passage()
    let response = try await passage.send(try .of("OPTIONS", "/v1/chat/completions", Self.preflight), through: listed)
    #expect(!passage.hasPassed)
    #expect(response.head.status == .noContent)
    #expect(response.head["access-control-allow-methods"] == "GET, HEAD, POST, DELETE, OPTIONS")
    #expect(response.head["access-control-allow-headers"] == "x-a, x-b")
    #expect(response.head["access-control-max-age"] == "86400")
  }

  @Test("other OPTIONS requests, and preflights of foreign origins, pass")
  func others() async throws {
    let plain = Passage()
    _ = try await plain.send(try .of("OPTIONS", "/", ["Origin: https://ok.example"]), through: listed)
    #expect(plain.hasPassed)
    let foreign = Passage()
    _ = try await foreign.send(
      try .of("OPTIONS", "/", ["Origin: https://no.example", "Access-Control-Request-Method: POST"]), through: listed)
    #expect(foreign.hasPassed)
    #expect(foreign.context.responseField("access-control-allow-origin") == nil)
  }
}

/// Takes log lines; their time is left out.
private final class Sink: Sendable {
  private let taken = Mutex<[String]>([])

  var lines: [String] { taken.withLock { $0 } }

  var logger: Logger {
    Logger(level: .debug, format: .json, now: { Timestamp(milliseconds: 0) }) { [self] line in
      let text = String(decoding: line.dropLast(), as: UTF8.self)
      taken.withLock { $0.append(text.replacing(#""time":"1970-01-01T00:00:00.000Z","#, with: "")) }
    }
  }
}
