import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Reactor
struct RequestedTurnTests {
  @Test(
    "only requests that may be retried have an idempotency key",
    arguments: [
      ([], false), (["x-stainless-lang: python"], true), (["X-Stainless-Retry-Count: 0"], true),
      (["idempotency-key: k"], true), (["x-stainless-os: Linux"], false), (["user-agent: x-stainless-lang"], false),
    ])
  func fields(fields: [String], mayBeRepeated: Bool) throws {
    let turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/")
    let request = try HTTPRequest.of("POST", "/v1/chat/completions", fields)
    let asked = RequestedTurn(
      .turn(turn), on: .claude, for: .of(), IdempotencyKey(request.head, [], .anonymous))
    #expect((asked.key != nil) == mayBeRepeated)
    #expect(asked.isWholeTurn)
  }
}
