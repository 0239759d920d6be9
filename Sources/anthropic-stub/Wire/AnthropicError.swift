import Bytes
import HTTP
import HTTPServer

/// An error in Anthropic's form.
struct AnthropicError {
  let type: String
  let message: String

  static let overloaded = AnthropicError(type: "overloaded_error", message: "Overloaded")

  init(type: String, message: String) {
    self.type = type
    self.message = message
  }

  init(status: Int) {
    self.init(type: AnthropicError.types[status] ?? "api_error", message: "anthropic-stub: status \(status)")
  }

  init(_ error: HTTPError) {
    self.init(type: AnthropicError.types[error.status.rawValue] ?? "api_error", message: error.message)
  }

  var body: JSONValue {
    ["type": "error", "error": ["type": .string(type), "message": .string(message)]]
  }

  func response(_ status: HTTPStatus, retryAfter: Int? = nil) -> HTTPResponse {
    var response = HTTPResponse.json(body, status: status)
    response.head["retry-after"] = retryAfter.map { String($0) }
    return response
  }

  private static let types = [
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
    405: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 500: "api_error",
    504: "timeout_error", 529: "overloaded_error",
  ]
}
