import Bytes
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import TestSupport
import Testing
import Turns
import TurnsTestSupport

@testable import API

@Reactor
@Suite(.bounded)
struct ModelRoutesTests {
  private func get(_ path: String, _ fields: [String] = []) async throws -> HTTPResponse {
    var router = Router()
    ModelRoutes(catalog: .builtIn).add(to: &router)
    guard case .ready(let response) = try router.respond(try .of("GET", path, fields), .detached()) else {
      throw TestFailure("not an immediate response")
    }
    return response
  }

  @Test("models are listed in OpenAI's form")
  func list() async throws {
    let response = try await get("/v1/models")
    #expect(
      response.text
        == #"{"object":"list","data":["#
        + #"{"id":"claude-code","object":"model","created":1740355200,"owned_by":"anthropic"},"#
        + #"{"id":"opus","object":"model","created":1740355200,"owned_by":"anthropic"},"#
        + #"{"id":"sonnet","object":"model","created":1740355200,"owned_by":"anthropic"},"#
        + #"{"id":"haiku","object":"model","created":1740355200,"owned_by":"anthropic"}]}"# + "\n")
  }

  @Test("Anthropic's clients get Anthropic's form")
  func anthropic() async throws {
    let fields = ["anthropic-version: 2023-06-01"]
    #expect(
      try await get("/v1/models?limit=1", fields).text
        == #"{"data":[{"type":"model","id":"claude-code","display_name":"Claude Code","#
        + #""created_at":"2025-02-24T00:00:00.000Z","lifecycle":"active"}],"#
        + #""has_more":true,"first_id":"claude-code","last_id":"claude-code"}"# + "\n")
    #expect(
      try await get("/v1/models/claude-opus-5-5", fields).text
        == #"{"type":"model","id":"claude-opus-5-5","display_name":"claude-opus-5-5","#
        + #""created_at":"1970-01-01T00:00:00.000Z","lifecycle":"active"}"# + "\n")
  }

  @Test("a model is found by its name, listed or not")
  func one() async throws {
    let response = try await get("/v1/models/claude-opus-5-5")
    #expect(
      response.text == #"{"id":"claude-opus-5-5","object":"model","created":0,"owned_by":"anthropic"}"# + "\n")
  }

  @Test("an unknown model is 404")
  func unknown() async throws {
    let error = await #expect(throws: RequestError.self) { _ = try await get("/v1/models/gpt-4o") }
    #expect(error?.summary == "404 model model_not_found")
  }
}
