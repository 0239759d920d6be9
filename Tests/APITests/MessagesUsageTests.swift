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

struct MessagesUsageTests {
  private func result(_ subtype: String = "success") throws -> TurnResult {
    let line = Array(CLILine.result("x", subtype: subtype).utf8)
    let result = TurnResult(line.span)
    return try #require(result)
  }

  @Test("usage has the upstream's counts")
  func usage() throws {
    let usage = TokenUsage(
      try JSONValue(
        parsing: #"{"input_tokens":1,"cache_creation_input_tokens":20,"cache_read_input_tokens":300,"output_tokens":7}"#
      ))
    #expect(
      usage.messagesUsage.text
        == #"{"input_tokens":1,"cache_creation_input_tokens":20,"cache_read_input_tokens":300,"output_tokens":7}"#)
  }

  @Test(
    "the client's stop reasons pass unchanged",
    arguments: [
      ("end_turn", "end_turn"), ("max_tokens", "max_tokens"), ("refusal", "refusal"), ("pause_turn", "pause_turn"),
      ("model_context_window_exceeded", "model_context_window_exceeded"), ("tool_use", "end_turn"),
      ("stop_sequence", "end_turn"), ("new_one", "end_turn"), (nil, "end_turn"),
    ] as [(String?, String)])
  func reasons(last: String?, expected: String) throws {
    #expect(try MessagesStop.end(result(), last: last) == MessagesStop(reason: expected))
  }

  @Test("a turn limit maps to max_tokens")
  func maxTurns() throws {
    #expect(try MessagesStop.end(result("error_max_turns"), last: "end_turn") == MessagesStop(reason: "max_tokens"))
  }
}
