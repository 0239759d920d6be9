import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API

struct ChatCompletionUsageTests {
  private func result(_ more: String, subtype: String = "success") throws -> TurnResult {
    let line = Array(CLILine.result("x", subtype: subtype, more: more).utf8)
    let result = TurnResult(line.span)
    return try #require(result)
  }

  @Test("usage has the upstream's counts, cached tokens as part of the prompt")
  func usage() throws {
    let result = try result(
      #","total_cost_usd":0.00026,"usage":{"input_tokens":1,"cache_creation_input_tokens":20,"#
        + #""cache_read_input_tokens":300,"output_tokens":4000,"output_tokens_details":{"thinking_tokens":50}}"#)
    #expect(
      result.usage.chatCompletionUsage(cost: result.totalCost).text
        == #"{"prompt_tokens":321,"completion_tokens":4000,"total_tokens":4321,"#
        + #""prompt_tokens_details":{"cached_tokens":300},"completion_tokens_details":{"reasoning_tokens":50},"#
        + #""cost_usd":0.00026}"#)
  }

  @Test("unknown counts are zero, and an unknown cost is omitted")
  func unknown() throws {
    #expect(
      try result("").usage.chatCompletionUsage(cost: nil).text
        == #"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0},"#
        + #""completion_tokens_details":{"reasoning_tokens":0}}"#)
  }

  @Test(
    "the last stop reason maps to OpenAI's finish reason",
    arguments: [
      ("end_turn", "stop"), ("stop_sequence", "stop"), ("tool_use", "stop"), ("pause_turn", "stop"),
      ("new_one", "stop"),
      ("max_tokens", "length"), ("model_context_window_exceeded", "length"), ("refusal", "content_filter"),
      (nil, "stop"),
    ] as [(String?, String)])
  func finishReasons(last: String?, expected: String) throws {
    #expect(try result("").finishReason(last: last) == expected)
  }

  @Test("without a message's stop reason the result decides; a turn limit is length")
  func otherReasons() throws {
    let line = Array(#"{"type":"result","subtype":"success","stop_reason":"refusal"}"#.utf8)
    let refused = TurnResult(line.span)
    #expect(try #require(refused).finishReason(last: nil) == "content_filter")
    #expect(try #require(refused).finishReason(last: "end_turn") == "stop")
    #expect(try result("", subtype: "error_max_turns").finishReason(last: "end_turn") == "length")
  }
}
