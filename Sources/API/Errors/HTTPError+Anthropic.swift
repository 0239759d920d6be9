import Bytes
import HTTP
import HTTPServer

extension HTTPError {
  /// The error in Anthropic's form.
  ///
  /// - Parameter requestID: nil inside a stream.
  func anthropicBody(requestID: String?) -> JSONValue {
    var error: JSONObject = ["type": .string(anthropicType), "message": .string(message)]
    if let code { error["details"] = ["error_code": .string(code)] }
    var body: JSONObject = ["type": "error", "error": .object(error)]
    if let requestID { body["request_id"] = .string(requestID) }
    return .object(body)
  }

  /// Anthropic's name for the family of the error.
  var anthropicType: String {
    switch status.rawValue {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 413: "request_too_large"
    case 408, 504: "timeout_error"
    case 429: "rate_limit_error"
    case 503 where code == "overloaded" || code == "session_in_use": "overloaded_error"
    case 500...: "api_error"
    default: "invalid_request_error"
    }
  }
}
