import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API

struct HTTPErrorAnthropicTests {
  @Test(
    "each status has Anthropic's error type",
    arguments: [
      (400, nil, "invalid_request_error"), (401, "invalid_api_key", "authentication_error"),
      (403, "permission_ceiling", "permission_error"), (404, "model_not_found", "not_found_error"),
      (404, "unknown_url", "not_found_error"), (405, nil, "invalid_request_error"), (408, nil, "timeout_error"),
      (413, nil, "request_too_large"), (415, nil, "invalid_request_error"),
      (422, "max_turns_reached", "invalid_request_error"), (429, "rate_limit_exceeded", "rate_limit_error"),
      (500, "internal_error", "api_error"), (501, nil, "api_error"), (502, "claude_lost", "api_error"),
      (503, "overloaded", "overloaded_error"), (503, "session_in_use", "overloaded_error"),
      (503, "claude_cli_not_found", "api_error"), (503, "cancelled", "api_error"), (504, "timeout", "timeout_error"),
    ] as [(Int, String?, String)])
  func types(status: Int, code: String?, type: String) {
    let error = HTTPError(HTTPStatus(rawValue: status), type: "t", code: code, message: "m")
    #expect(error.anthropicType == type)
    let details = code.map { #","details":{"error_code":"\#($0)"}"# } ?? ""
    #expect(
      error.anthropicBody(requestID: nil).text
        == #"{"type":"error","error":{"type":"\#(type)","message":"m"\#(details)}}"#)
  }
}
