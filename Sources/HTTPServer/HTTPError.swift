public import Bytes
public import HTTP

/// An error for a client: everything a dialect needs to render it.
public struct HTTPError: Error, Sendable, Equatable {
  public var status: HTTPStatus
  /// The family of the error, for instance `invalid_request_error`.
  public var type: String
  public var code: String?
  /// The field of the request that is wrong.
  public var param: String?
  public var message: String
  /// Header fields of the response besides the usual ones.
  public var headers: [HTTPResponseHead.Field]

  public init(
    _ status: HTTPStatus, type: String, code: String? = nil, param: String? = nil, message: String,
    headers: [HTTPResponseHead.Field] = []
  ) {
    self.status = status
    self.type = type
    self.code = code
    self.param = param.map { HTTPError.clipped($0, to: HTTPError.maximumParameter) }
    self.message = HTTPError.clipped(message, to: HTTPError.maximumMessage)
    self.headers = headers
  }

  /// The longest message and parameter, in characters: an error may quote the request, and a request can be large.
  static let maximumMessage = 4000
  static let maximumParameter = 200

  private static func clipped(_ text: String, to maximum: Int) -> String {
    guard text.utf8.count > maximum else { return text }
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: maximum, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else { return text }
    return String(scalars[..<end]) + "…"
  }

  /// 400: the request itself is wrong.
  public static func invalidRequest(_ message: String, param: String? = nil, code: String? = nil) -> HTTPError {
    HTTPError(.badRequest, type: "invalid_request_error", code: code, param: param, message: message)
  }

  public static func notFound(_ message: String, code: String) -> HTTPError {
    HTTPError(.notFound, type: "invalid_request_error", code: code, message: message)
  }

  /// 500, without details: those are in the log.
  public static let internalError = HTTPError(
    .internalServerError, type: "server_error", code: "internal_error",
    message: "Internal server error; the server's log has the details.")

  /// The error in OpenAI's form, which is the default of all dialects.
  public var body: JSONValue {
    [
      "error": [
        "message": .string(message), "type": .string(type), "param": JSONValue(param), "code": JSONValue(code),
      ]
    ]
  }

  /// The error as a complete response.
  public var response: HTTPResponse { response(body) }

  /// The error as a complete response with another body.
  func response(_ body: JSONValue) -> HTTPResponse {
    var response = HTTPResponse.json(body, status: status)
    for field in headers { response.head[field.name] = field.value }
    return response
  }
}

/// An error with a form of its own as a response. Any other error is a 500.
public protocol HTTPErrorConvertible: Error {
  var httpError: HTTPError { get }
}

extension HTTPError: HTTPErrorConvertible {
  public var httpError: HTTPError { self }
}

extension HTTPError {
  init(_ error: HTTPProtocolError) {
    let codes: [HTTPStatus: String] = [
      .contentTooLarge: "request_too_large", .targetTooLong: "uri_too_long", .headTooLarge: "headers_too_large",
      .requestTimeout: "request_timeout", .notImplemented: "not_implemented",
    ]
    self.init(
      error.status, type: error.status.rawValue < 500 ? "invalid_request_error" : "server_error",
      code: codes[error.status] ?? "bad_request", message: error.message)
  }
}
