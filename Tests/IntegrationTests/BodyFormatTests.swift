import Bytes
import Testing

/// Ways to send a request that are all right, and the methods that go with them.
@Suite(.beside, .server())
struct BodyFormatTests {
  private static let body = Array(#"{"messages":[{"role":"user","content":"grüße"}]}"#.utf8)

  @Test(
    "JSON is UTF-8, declared or not",
    arguments: [
      ["content-type: application/json"], ["content-type: application/json; charset=utf-8"],
      ["content-type: application/json;charset=UTF-8"], ["content-type: Application/JSON; charset=\"utf-8\""],
      ["content-type: application/vnd.api+json"], ["content-type:"],
      ["content-type: application/json", "content-encoding: identity"],
    ])
  func contentTypes(fields: [String]) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      ClientRequest("POST", "/v1/chat/completions", fields, body: Self.body))
    #expect(try answer.completion() == "You said: grüße")
  }

  @Test("chunked bodies are accepted")
  func chunked() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      ClientRequest(
        "POST", "/v1/chat/completions", ["content-type: application/json", "transfer-encoding: chunked"],
        body: Self.body))
    #expect(try answer.completion() == "You said: grüße")
  }

  @Test("a request with Expect: 100-continue is asked for its body")
  func expectContinue() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      ClientRequest(
        "POST", "/v1/chat/completions", ["content-type: application/json", "expect: 100-continue"], body: Self.body))
    #expect(try answer.completion() == "You said: grüße")
  }

  @Test("the last value of a repeated key counts, and unknown keys are ignored")
  func repeatedKey() async throws {
    let text = #"{"prompt":"first","x":[1,{"y":null}],"temperature":0.5,"prompt":"last"}"#
    #expect(try await ServerUnderTest.ofSuite.send(.post("/api/claude", text: text)).result() == "You said: last")
  }

  @Test("fields that OpenAI's clients send by default are accepted")
  func habits() async throws {
    let answer = try await ServerUnderTest.ofSuite.send(
      .chat(
        "hello", stream: true,
        [
          "temperature": 0, "top_p": 1, "seed": 5, "n": 1, "stop": nil, "tools": [], "tool_choice": "auto",
          "parallel_tool_calls": true, "user": "me", "store": false, "max_tokens": 100, "max_completion_tokens": 100,
          "logprobs": false, "frequency_penalty": 0, "logit_bias": [:], "service_tier": "auto",
          "response_format": ["type": "text"], "metadata": nil, "modalities": ["text"], "verbosity": "low",
          "reasoning_effort": "minimal",
        ]))
    #expect(try answer.chat().content == "You said: hello")
  }

  @Test("HEAD is GET without the body", arguments: ["/health", "/v1/models"])
  func head(path: String) async throws {
    let server = try ServerUnderTest.ofSuite
    let head = try await server.send(ClientRequest("HEAD", path))
    #expect(head.status == 200)
    #expect(head.body.isEmpty)
    #expect(head["content-type"] == "application/json")
    #expect(head["content-length"].flatMap { Int($0) } ?? 0 > 0)
  }

  @Test("HEAD for a POST route is a wrong method, without a body")
  func wrongHead() async throws {
    let head = try await ServerUnderTest.ofSuite.send(ClientRequest("HEAD", "/api/claude"))
    #expect(head.status == 405)
    #expect(head.body.isEmpty)
  }

  @Test(
    "OPTIONS lists the allowed methods",
    arguments: [
      ("/v1/chat/completions", "OPTIONS, POST"), ("/api/claude", "OPTIONS, POST"), ("/health", "GET, HEAD, OPTIONS"),
    ])
  func options(path: String, allowed: String) async throws {
    let answer = try await ServerUnderTest.ofSuite.send(ClientRequest("OPTIONS", path))
    #expect(answer.status == 204)
    #expect(answer["allow"] == allowed)
    #expect(answer.body.isEmpty)
  }

  @Test("OPTIONS * lists the server's methods, and the connection stays open")
  func serverOptions() async throws {
    let connection = try RawConnection(port: try ServerUnderTest.ofSuite.port)
    defer { connection.close() }
    connection.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
    let answer = connection.receive(until: "\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 204 No Content\r\n"))
    #expect(answer.contains("\r\nallow: DELETE, GET, HEAD, OPTIONS, POST\r\n"))
    connection.send("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(connection.receive().hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
  }

  @Test("one connection serves many requests, streams included")
  func keepAlive() async throws {
    try await ServerUnderTest.run { server in
      let connection = try RawConnection(port: server.port)
      for number in 0..<3 {
        let body = #"{"prompt":"turn \#(number)"}"#
        connection.send(
          "POST /api/claude HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let answer = connection.receive(until: "\r\n0\r\n\r\n")
        #expect(answer.contains("You said: turn \(number)"))
        connection.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(connection.receive(until: "}").contains("alive"))
      }
      connection.close()
    }
  }

  @Test("an HTTP/1.0 client gets its stream unchunked, ended by the connection")
  func http10() async throws {
    let connection = try RawConnection(port: try ServerUnderTest.ofSuite.port)
    let body = #"{"messages":[{"role":"user","content":"hello"}],"stream":true}"#
    connection.send(
      "POST /v1/chat/completions HTTP/1.0\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    let answer = connection.receive()
    connection.close()
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(!answer.contains("transfer-encoding"))
    #expect(answer.hasSuffix("data: [DONE]\n\n"))
  }
}
