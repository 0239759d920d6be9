public import ClaudeCode

extension RequestError {
  /// The one table that maps failed turns to errors.
  ///
  /// Client libraries retry by themselves on 408, 409, 429 and from 500 on. Once a turn has reached the CLI a retry
  /// would run the agent again, so the error forbids it.
  public init(_ error: ClaudeError) {
    switch error.kind {
    case .cliNotFound:
      self.init(503, "server_error", "claude_cli_not_found", error, retryAfter: 60)
    case .cannotStart, .exhausted:
      self.init(503, "server_error", "overloaded", error, retryAfter: 1)
    case .workspaceUnusable:
      self.init(500, "server_error", "workspace_unusable", error)
    case .refused:
      self.init(500, "server_error", "claude_refused", error)
    case .schemaRefused:
      self.init(400, "invalid_request_error", "schema_refused", error)
    case .sessionNotFound:
      self.init(404, "invalid_request_error", "session_not_found", error, param: "session-id")
    case .sessionInUse:
      self.init(503, "server_error", "session_in_use", error, retryAfter: 5)
    case .sessionBusy:
      self.init(429, "rate_limit_error", "rate_limit_exceeded", error, retryAfter: 5)
    case .overloaded:
      self.init(429, "rate_limit_error", "rate_limit_exceeded", error, retryAfter: 2)
    case .upstream(let status):
      self.init(upstream: status, error)
    case .totalTimeout, .inactivityTimeout:
      self.init(504, "timeout_error", "timeout", error)
    case .lost:
      self.init(502, "server_error", "claude_lost", error)
    case .empty:
      self.init(502, "server_error", "empty_answer", error)
    case .diverged:
      self.init(502, "server_error", "upstream_diverged", error)
    case .maxTurns:
      self.init(422, "invalid_request_error", "max_turns_reached", error, param: "max-turns")
    case .outputLimit:
      self.init(422, "invalid_request_error", "output_limit_reached", error)
    case .budget:
      self.init(422, "invalid_request_error", "budget_exceeded", error, param: "max-budget-usd")
    case .failed:
      self.init(502, "server_error", "claude_failed", error)
    case .cancelled:
      self.init(503, "server_error", "cancelled", error)
    case .interrupted:
      self.init(503, "server_error", "interrupted", error)
    }
  }

  private init(upstream status: Int, _ error: ClaudeError) {
    switch status {
    case 400: self.init(400, "invalid_request_error", "upstream_invalid_request", error)
    case 401: self.init(401, "authentication_error", "upstream_authentication_failed", error)
    case 403: self.init(403, "permission_error", "upstream_permission_denied", error)
    case 404: self.init(404, "invalid_request_error", "model_not_found", error, param: "model")
    case 413: self.init(413, "invalid_request_error", "upstream_request_too_large", error)
    case 429: self.init(429, "rate_limit_error", "rate_limit_exceeded", error, retryAfter: 30)
    case 503, 529: self.init(503, "server_error", "overloaded", error, retryAfter: 30)
    case 504: self.init(504, "timeout_error", "timeout", error)
    default: self.init(502, "server_error", "upstream_error", error)
    }
  }

  private init(
    _ status: Int, _ type: String, _ code: String, _ error: ClaudeError, param: String? = nil,
    retryAfter seconds: Int? = nil
  ) {
    self.init(
      status, type: type, code: code, param: param, message: error.message, retryAfter: seconds,
      mayRetry: !error.reachedCLI)
  }
}
