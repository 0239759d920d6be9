import Bytes
import Testing

private let single = "sk-1234567890abcdef1234567890abcdef12345678"
private let second = "sk-abcdefgh-second-key"
private let wrong = "sk-0000-secretguess-0000000000"

/// API keys, where any are configured.
@Suite(.beside, .server(["API_KEY": single, "API_KEYS": "\(second),sk-third-key"]))
struct AuthenticationTests {
  @Test(
    "a valid key is accepted as a bearer token in any spelling, and as x-api-key",
    arguments: [
      "Authorization: Bearer \(single)", "authorization: bearer \(single)", "AUTHORIZATION: BEARER \(second)",
      "Authorization: Bearer   \(second)", "x-api-key: \(single)", "X-API-Key: sk-third-key",
    ])
  func rightKey(field: String) async throws {
    let server = try ServerUnderTest.ofSuite
    #expect(try await server.send(.native("List files", [:], [field])).result() == "You said: List files")
    #expect(try await server.send(.chat("Hello", stream: true, [:], [field])).chat().content == "You said: Hello")
    #expect(try await server.send(.get("/v1/models", [field])).status == 200)
  }

  @Test(
    "a wrong or missing key is rejected before anything else",
    arguments: [
      [], ["Authorization: Bearer \(wrong)"], ["Authorization: Bearer"], ["Authorization: Basic \(single)"],
      ["Authorization: \(single)"], ["x-api-key: \(wrong)"], ["x-api-key: \(single)x"], ["x-api-key: sk-1234567890"],
    ])
  func wrongKey(fields: [String]) async throws {
    let server = try ServerUnderTest.ofSuite
    let requests: [ClientRequest] = [
      .native("hello", [:], fields), .chat("hello", stream: true, [:], fields), .get("/v1/models", fields),
      .get("/nowhere", fields), .post("/api/claude", fields, text: "no JSON"),
    ]
    for request in requests {
      let answer = try await server.send(request)
      #expect(try answer.error() == ErrorBody(401, "invalid_request_error", code: "invalid_api_key"))
      #expect(answer["www-authenticate"] == "Bearer")
      #expect(answer["x-session-id"] == nil)
      #expect(!answer.text.contains("secretguess"))
    }
  }

  @Test("health probes need no key", arguments: ["/health/live", "/health/ready"])
  func probes(path: String) async throws {
    #expect(try await ServerUnderTest.ofSuite.send(.get(path)).status == 200)
  }

  @Test("health details need a key, and the error names the probes")
  func health() async throws {
    let server = try ServerUnderTest.ofSuite
    let refusal = try await server.send(.get("/health"))
    #expect(try refusal.error() == ErrorBody(401, "invalid_request_error", code: "invalid_api_key"))
    #expect(refusal.text.contains("/health/live and /health/ready need none"))
    #expect(try await server.send(.get("/health", ["x-api-key: \(single)"])).json()["checks"] != nil)
  }

  @Test("the body of a rejected request is neither awaited nor requested")
  func refusedBody() async throws {
    let server = try ServerUnderTest.ofSuite
    let connection = try RawConnection(port: server.port)
    defer { connection.close() }
    connection.send(
      "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 31000000\r\n\r\n")
    let answer = connection.receive()
    #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
    #expect(answer.contains(#""type":"authentication_error""#))
    #expect(answer.contains("\r\nx-request-id: req_"))
    try await server.logLine("request", "status=401", "path=/v1/messages")
  }

  @Test("every attempt is logged with eight characters of its key at most")
  func maskedKeys() async throws {
    try await ServerUnderTest.run(["API_KEY": single, "LOG_LEVEL": "debug"]) { server in
      _ = try await server.send(.chat("hello", stream: false, [:], ["Authorization: Bearer \(single)"]))
      _ = try await server.send(.chat("hello", stream: false, [:], ["Authorization: Bearer \(wrong)"]))
      _ = try await server.send(.chat("hello", stream: false))
      try await server.logLine("authenticated", String(single.prefix(8)))
      try await server.logLine("WARN", "authentication failed", "unknown key", String(wrong.prefix(8)))
      try await server.logLine("WARN", "authentication failed", "no key")
      #expect(!server.log.contains { $0.contains(single.prefix(9)) || $0.contains(wrong.prefix(9)) })
      #expect(server.startedRuns == 1)
    }
  }

  @Test("the server's keys never reach a child process", arguments: ["API_KEY", "API_KEYS"])
  func noKeyForChildren(name: String) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat("simulate: env=\(name)", stream: false, [:], ["x-api-key: \(single)"]))
    #expect(try answer.completion() == "(unset)")
  }

  @Test("a session belongs to the key that started it")
  func foreignSession() async throws {
    let server = try ServerUnderTest.ofSuite
    let mine = try await server.send(.native("mine", [:], ["x-api-key: \(single)"]))
    let session = try #require(mine["x-session-id"])
    let theirs = try await server.send(
      .native("simulate: recall", ["session-id": .string(session)], ["x-api-key: \(second)"]))
    #expect(
      try theirs.error() == ErrorBody(404, "invalid_request_error", param: "session-id", code: "session_not_found"))
  }

  @Test("a history does not find another key's session")
  func foreignHistory() async throws {
    let server = try ServerUnderTest.ofSuite
    let first = try await server.send(.chat("same words", stream: false, [:], ["x-api-key: \(single)"]))
    let history: [JSONValue] = [.user("same words"), .assistant(try first.completion()), .user("simulate: recall")]
    let theirs = try await server.send(.chat(history, stream: false, [:], ["x-api-key: \(second)"]))
    #expect(theirs.status == 200)
    #expect(theirs["x-session-id"] != first["x-session-id"])
    let mine = try await server.send(.chat(history, stream: false, [:], ["x-api-key: \(single)"]))
    #expect(mine["x-session-id"] == first["x-session-id"])
  }

  // MARK: Browsers

  @Test("with keys, any browser origin may send requests and read responses")
  func preflight() async throws {
    let server = try ServerUnderTest.ofSuite
    let preflight = try await server.send(
      ClientRequest(
        "OPTIONS", "/v1/chat/completions",
        [
          "Origin: https://app.example", "Access-Control-Request-Method: POST",
          "Access-Control-Request-Headers: authorization, content-type",
        ]))
    #expect(preflight.status == 204)
    #expect(preflight["access-control-allow-origin"] == "https://app.example")
    #expect(preflight["access-control-allow-methods"]?.contains("POST") == true)
    #expect(preflight["access-control-allow-headers"] == "authorization, content-type")
    #expect(preflight["content-length"] == nil)
    let origin = "Origin: https://app.example"
    let refused = try await server.send(.chat("hello", stream: true, [:], [origin]))
    #expect(refused.status == 401)
    #expect(refused["access-control-allow-origin"] == "https://app.example")
    let answer = try await server.send(.chat("hello", stream: true, [:], [origin, "x-api-key: \(single)"]))
    #expect(answer["access-control-allow-origin"] == "https://app.example")
    #expect(answer["access-control-expose-headers"]?.contains("x-session-id") == true)
    #expect(answer["vary"] == "origin")
    #expect(try answer.chat().content == "You said: hello")
  }

  @Test("without keys, only listed origins may read responses")
  func originsWithoutKeys() async throws {
    try await ServerUnderTest.run(["ALLOWED_ORIGINS": "http://localhost:5173"]) { server in
      for (origin, allowed) in [("https://evil.example", nil), ("http://localhost:5173", "http://localhost:5173")] {
        let answer = try await server.send(.get("/health", ["Origin: \(origin)"]))
        #expect(answer["access-control-allow-origin"] == allowed)
        let preflight = try await server.send(
          ClientRequest("OPTIONS", "/api/claude", ["Origin: \(origin)", "Access-Control-Request-Method: POST"]))
        #expect(preflight["access-control-allow-origin"] == allowed)
      }
    }
  }
}
