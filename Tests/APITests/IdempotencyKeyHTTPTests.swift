import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import Turns
import TurnsTestSupport

@testable import API

@Reactor
struct IdempotencyKeyHTTPTests {
  private func key(_ fields: [String], _ body: String = "{}") throws -> IdempotencyKey? {
    IdempotencyKey(try HTTPRequest.of("POST", "/a", fields).head, Array(body.utf8), .me)
  }

  @Test(
    "a retry is recognised by its fields",
    arguments: [
      ([], nil), (["user-agent: OpenAI/Python"], nil), (["x-stainless-lang: python"], false),
      (["x-stainless-retry-count: 0"], false), (["x-stainless-retry-count: 1"], true),
      (["x-stainless-retry-count: 2", "x-stainless-lang: js"], true), (["x-stainless-retry-count: x"], false),
      (["idempotency-key: k"], true), (["idempotency-key: k", "x-stainless-retry-count: 0"], true),
    ] as [([String], Bool?)])
  func marks(fields: [String], isRepeated: Bool?) throws {
    #expect(try key(fields)?.isRepeated == isRepeated)
  }

  @Test("a retry has the key of the first try")
  func sameRequest() throws {
    let first = try #require(try key(["x-stainless-lang: python", "x-stainless-retry-count: 0"], "{1}"))
    #expect(try key(["x-stainless-retry-count: 1"], "{1}") == first)
    #expect(try key(["x-stainless-retry-count: 1"], "{2}") != first)
    #expect(try key(["idempotency-key: k"], "{1}") != first)
  }
}
