import ClaudeCode
import HTTP
public import HTTPServer
public import Turns

extension HTTPError {
  /// The one place where an error of the application becomes a response.
  ///
  /// Client libraries retry by themselves on 408, 409, 429 and from 500 on, the Claude CLI (2.1.332) on 401 as well;
  /// `x-should-retry: false` stops them.
  public init(_ error: RequestError) {
    var headers: [HTTPResponseHead.Field] = []
    if let seconds = error.retryAfter { headers.append(.init(name: "retry-after", value: String(seconds))) }
    if !error.mayRetry || [401, 403].contains(error.status) {
      headers.append(.init(name: "x-should-retry", value: "false"))
    }
    self.init(
      HTTPStatus(rawValue: error.status), type: error.type, code: error.code, param: error.param,
      message: error.message, headers: headers)
  }

  init(_ error: ClaudeError) { self.init(RequestError(error)) }
}

extension RequestError: HTTPErrorConvertible {
  public var httpError: HTTPError { HTTPError(self) }
}
