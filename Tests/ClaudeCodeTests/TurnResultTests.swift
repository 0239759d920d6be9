import Bytes
import TestSupport
import Testing

@testable import ClaudeCode

struct TurnResultTests {
  @Test("recorded results are decoded whole")
  func recorded() throws {
    let result = try #require(lastResult("cli-2.1.329/cut-midstream"))
    #expect(result.subtype == "success")
    #expect(!result.isError)
    #expect(result.text == "w0 w1 w2 w3 w4 w5 ")
    #expect(result.stopReason == "end_turn")
    #expect(result.turns == 1)
    #expect(result.usage.prompt == 20)
    #expect(result.usage.output == 7)
    #expect(result.totalCost == 0.000_260_000_000_000_000_03)
    #expect(result.apiErrorStatus == nil)
    #expect(result.terminalReason == "completed")
    #expect(result.errors.isEmpty)
    #expect(result.sessionID == "9ddd3021-cb51-4d78-8fb3-fd8a84a6b731")
  }

  @Test("every field but the type may be missing or of another type")
  func sparse() throws {
    for line in [#"{"type":"result"}"#, #"{"type":"result","subtype":7,"num_turns":"1","usage":[],"errors":{}}"#] {
      let result = try #require(read(line))
      #expect(result.subtype.isEmpty)
      #expect(!result.isError)
      #expect(result.text.isEmpty)
      #expect(result.turns == 0)
      #expect(result.usage == TokenUsage())
      #expect(result.totalCost == nil)
      #expect(result.errors.isEmpty)
    }
  }

  @Test("other lines are not results", arguments: ["", "x", "{}", #"{"type":"assistant"}"#, #"{"type":"result""#])
  func others(line: String) {
    #expect(read(line) == nil)
  }

  @Test("all input tokens count as prompt, cached ones included")
  func usage() {
    let usage = TokenUsage([
      "input_tokens": 1, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300, "output_tokens": 4000,
      "output_tokens_details": ["thinking_tokens": 50],
    ])
    #expect(usage.prompt == 321)
    #expect(usage.cacheRead == 300)
    #expect(usage.output == 4000)
    #expect(usage.thinking == 50)
  }

  private func lastResult(_ name: String) -> TurnResult? {
    Recording(name).lines.compactMap { TurnResult($0.span) }.last
  }

  private func read(_ line: String) -> TurnResult? { TurnResult(Array(line.utf8).span) }
}
