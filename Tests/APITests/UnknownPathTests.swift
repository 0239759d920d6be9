import HTTPServer
import HTTPServerTestSupport
import Testing

@testable import API

struct UnknownPathTests {
  private func hint(_ method: String, _ target: String) throws -> String {
    UnknownPath.hint(try HTTPRequest.of(method, target).head)
  }

  private static let listed = "GET / lists the endpoints"

  @Test(
    "a base URL of an OpenAI client without /v1 is named",
    arguments: [
      "/chat/completions", "/completions", "/responses", "/responses/resp_1", "/models", "/models/opus",
      "//models/", "/models?x=1",
    ])
  func withoutVersion(target: String) throws {
    let path = target.split(separator: "?")[0].split(separator: "/").joined(separator: "/")
    #expect(
      try hint("POST", target) == "The path is /v1/\(path): the base URL of OpenAI's clients ends in /v1")
  }

  @Test("a client of Anthropic's form that does not append /v1 is told to add it")
  func messages() throws {
    #expect(
      try hint("POST", "/messages")
        == "The path is /v1/messages: this client does not append /v1, so its base URL must end in /v1 "
        + "(Anthropic's own clients append it, and take a base URL without)")
    #expect(try hint("POST", "/messages/count_tokens").hasPrefix("The path is /v1/messages/count_tokens: "))
  }

  @Test(
    "a base URL with one /v1 too many is named",
    arguments: ["messages", "chat/completions", "completions", "models", "responses/resp_1", "messages/count_tokens"])
  func twice(path: String) throws {
    for prefix in ["/v1/v1/", "/v1/v1/v1/"] {
      #expect(
        try hint("POST", prefix + path)
          == "The path is /v1/\(path): this client appends /v1 itself, so its base URL must not end in /v1")
    }
  }

  @Test(
    "what Claude cannot do is said, with or without the version",
    arguments: [
      ("embeddings", "Claude has no embeddings. "), ("rerank", "Claude has no embeddings. "),
      ("images/generations", "Claude makes no images. "), ("audio/speech", "Claude neither hears nor speaks. "),
      ("audio/transcriptions", "Claude neither hears nor speaks. "), ("moderations", "There are no moderations. "),
    ])
  func missing(path: String, beginning: String) throws {
    for prefix in ["/v1/", "/", "/v1/v1/"] {
      #expect(
        try hint("POST", prefix + path) == beginning + "Point the client's URL for them at another server")
    }
  }

  @Test(
    "other paths are near one, or get the list",
    arguments: [
      ("/openai/deployments/x/chat/completions", "The path is /v1/chat/completions"),
      ("/api/v1/models", "The path is /v1/models"), ("/anthropic/v1/messages", "The path is /v1/messages"),
      ("/v1/engines/x/completions", "The path is /v1/completions"),
      ("/v1/files", "This part of the API is not served. \(listed)"),
      ("/v1/threads/t/runs", "This part of the API is not served. \(listed)"),
      ("/api/tags", "Ollama's API is not served. Use the client's OpenAI form, with a base URL that ends in /v1"),
      ("/api/chat", "Ollama's API is not served. Use the client's OpenAI form, with a base URL that ends in /v1"),
      ("/api/other", listed), ("/api/chat/x", listed), ("/files", listed), ("/v1", listed), ("/v1/v1", listed),
      ("/v1/chat/completion", listed), ("/v1/chat", listed), ("/v1/messages/batches", listed), ("/nothing", listed),
      ("/v1/chat%2Fcompletions", listed), ("/favicon.ico", listed),
    ])
  func others(target: String, expected: String) throws {
    #expect(try hint("GET", target) == expected)
  }
}
