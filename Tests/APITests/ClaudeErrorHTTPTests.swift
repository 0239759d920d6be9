import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport
import Workspaces

@testable import API
@testable import Turns

struct ClaudeErrorHTTPTests {
  /// A failure, and how a client sees it: status, type, code, param, seconds to wait.
  private static let table: [(ClaudeError.Kind, Int, String, String, String?, Int?)] = [
    (.cliNotFound, 503, "server_error", "claude_cli_not_found", nil, 60),
    (.cannotStart, 503, "server_error", "overloaded", nil, 1),
    (.exhausted, 503, "server_error", "overloaded", nil, 1),
    (.workspaceUnusable, 500, "server_error", "workspace_unusable", nil, nil),
    (.refused, 500, "server_error", "claude_refused", nil, nil),
    (.schemaRefused, 400, "invalid_request_error", "schema_refused", nil, nil),
    (.sessionNotFound, 404, "invalid_request_error", "session_not_found", "session-id", nil),
    (.sessionInUse, 503, "server_error", "session_in_use", nil, 5),
    (.sessionBusy, 429, "rate_limit_error", "rate_limit_exceeded", nil, 5),
    (.upstream(status: 400), 400, "invalid_request_error", "upstream_invalid_request", nil, nil),
    (.upstream(status: 401), 401, "authentication_error", "upstream_authentication_failed", nil, nil),
    (.upstream(status: 403), 403, "permission_error", "upstream_permission_denied", nil, nil),
    (.upstream(status: 404), 404, "invalid_request_error", "model_not_found", "model", nil),
    (.upstream(status: 413), 413, "invalid_request_error", "upstream_request_too_large", nil, nil),
    (.upstream(status: 429), 429, "rate_limit_error", "rate_limit_exceeded", nil, 30),
    (.upstream(status: 500), 502, "server_error", "upstream_error", nil, nil),
    (.upstream(status: 502), 502, "server_error", "upstream_error", nil, nil),
    (.upstream(status: 503), 503, "server_error", "overloaded", nil, 30),
    (.upstream(status: 504), 504, "timeout_error", "timeout", nil, nil),
    (.upstream(status: 529), 503, "server_error", "overloaded", nil, 30),
    (.upstream(status: 418), 502, "server_error", "upstream_error", nil, nil),
    (.totalTimeout, 504, "timeout_error", "timeout", nil, nil),
    (.inactivityTimeout, 504, "timeout_error", "timeout", nil, nil),
    (.lost, 502, "server_error", "claude_lost", nil, nil),
    (.empty, 502, "server_error", "empty_answer", nil, nil),
    (.diverged, 502, "server_error", "upstream_diverged", nil, nil),
    (.maxTurns, 422, "invalid_request_error", "max_turns_reached", "max-turns", nil),
    (.budget, 422, "invalid_request_error", "budget_exceeded", "max-budget-usd", nil),
    (.failed, 502, "server_error", "claude_failed", nil, nil),
    (.cancelled, 503, "server_error", "cancelled", nil, nil),
  ]

  @Test("each failure maps to status, type, code, param and headers", arguments: table.indices, [true, false])
  func failures(row: Int, reachedCLI: Bool) {
    let (kind, status, type, code, param, wait) = Self.table[row]
    var headers: [HTTPResponseHead.Field] = []
    if let wait { headers.append(HTTPResponseHead.Field(name: "retry-after", value: "\(wait)")) }
    // A repeat would run the agent again; a refusal stays one.
    if reachedCLI || status == 401 || status == 403 {
      headers.append(HTTPResponseHead.Field(name: "x-should-retry", value: "false"))
    }
    #expect(
      HTTPError(ClaudeError(kind, "what happened", reachedCLI: reachedCLI))
        == HTTPError(
          HTTPStatus(rawValue: status), type: type, code: code, param: param, message: "what happened",
          headers: headers))
  }

  @Test("in a stream the error is the body alone")
  func body() {
    let bytes = HTTPErrorBody.encoded(ClaudeError(.upstream(status: 429), "slow \"down\"", reachedCLI: true))
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"error":{"message":"slow \"down\"","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
    )
  }
}

struct WorkspaceErrorHTTPTests {
  @Test("a bad workspace name is a client error, shown escaped and shortened")
  func badName() {
    let error = RequestError(WorkspaceError.badName("../x\n" + String(repeating: "y", count: 100)))
    #expect(error.summary == "400 workspace -")
    #expect(error.message.hasPrefix(#"The workspace name "../x\nyyyy"#))
    #expect(error.message.utf8.count < 250)
  }

  @Test("an unusable workspace is a server error that does not show its path")
  func unusable() {
    let error = RequestError(WorkspaceError.unusable(path: "/srv/secret/workspace/demo", reason: "Permission denied"))
    #expect(error.summary == "500 - workspace_unusable")
    #expect(error.message == "The workspace demo cannot be used: Permission denied")
  }
}
