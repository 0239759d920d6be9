import Bytes
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import API

@Reactor
@Suite(.bounded)
struct IndexRoutesTests {
  private func get(_ method: String, endpoints: [String]) throws -> HTTPResponse {
    var router = Router()
    IndexRoutes(version: "1.2.3", endpoints: endpoints).add(to: &router)
    guard case .ready(let response) = try router.respond(try .of(method, "/"), .detached()) else {
      throw TestFailure("not an immediate response")
    }
    return response
  }

  @Test("the index has name, version, base URLs and endpoints, one on a line", arguments: ["GET", "HEAD"])
  func index(method: String) throws {
    let response = try get(method, endpoints: ["GET /health", "POST /v1/messages"])
    #expect(response.head.status == .ok)
    #expect(response.head["content-type"] == "application/json")
    #expect(
      response.text == """
        {
          "name": "claude-code-server",
          "version": "1.2.3",
          "base_urls": {"OpenAI": "/v1", "Anthropic": "/"},
          "endpoints": [
            "GET /health",
            "POST /v1/messages"
          ]
        }

        """)
    let value = try JSONValue(parsing: response.text ?? "")
    #expect(value["endpoints"] == ["GET /health", "POST /v1/messages"])
  }

  @Test("a router lists its routes in the order they were added")
  func endpoints() throws {
    var router = Router()
    router.on("POST", "/b/{id}", atOnce: { _, _, _ in HTTPResponse(head: HTTPResponseHead(.ok)) })
    router.on("GET", "/a", atOnce: { _, _, _ in HTTPResponse(head: HTTPResponseHead(.ok)) })
    #expect(router.endpoints == ["POST /b/{id}", "GET /a"])
  }
}
