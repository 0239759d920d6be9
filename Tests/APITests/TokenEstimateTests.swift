import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API

struct TokenEstimateTests {
  private func tokens(_ body: String) throws -> Int {
    TokenEstimate(try MessagesRequest(object(body)).conversation).tokens
  }

  @Test(
    "an estimate is a token for four bytes, rounded up, plus fixed numbers for frames and images",
    arguments: [
      (#"{"messages":[{"role":"user","content":"12345678"}]}"#, 4 + 2),
      (#"{"messages":[{"role":"user","content":"123456789"}]}"#, 4 + 3),
      (#"{"messages":[{"role":"user","content":"é"}],"system":"ab"}"#, 8 + 1),
      (
        #"{"messages":[{"role":"user","content":[{"type":"text","text":"1234"},"#
          + #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}"#, 4 + 1 + 1600
      ),
      (
        #"{"messages":[{"role":"user","content":"1234"}],"#
          + #""tools":[{"name":"f123","description":"12345","input_schema":{"a":1}}]}"#, 4 + 1 + 12 + 3
      ),
      (
        #"{"messages":[{"role":"user","content":"1234"},{"role":"assistant","content":"#
          + #"[{"type":"tool_use","id":"c","name":"f1","input":{}}]},"#
          + #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"1234"}]}]}"#, 12 + 12 + 3
      ),
      (
        #"{"messages":[{"role":"user","content":"12"}],"output_format":{"type":"json_schema","schema":{}}}"#, 4 + 25
      ),
    ])
  func counts(body: String, expected: Int) throws {
    #expect(try tokens(body) == expected)
  }
}
