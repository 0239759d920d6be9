/// The names that the CLI has for a failure of its upstream.
struct UpstreamError {
  let status: Int?

  init(_ status: Int?) { self.status = status }

  /// The `error` field of a line.
  var name: String {
    switch status {
    case 401, 403: "authentication_failed"
    case 429: "rate_limit"
    case 529: "overloaded"
    case .some(500...): "server_error"
    default: "unknown"
    }
  }

  /// The `type` of the upstream's error.
  var type: String {
    switch status {
    case 400: "invalid_request_error"
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 429: "rate_limit_error"
    case 529: "overloaded_error"
    default: "api_error"
    }
  }

  /// The text that the CLI shows in place of an answer.
  var text: String {
    let message = "API Error: \(status ?? 0) simulated"
    return status == 401 ? "Failed to authenticate. \(message)" : message
  }
}
