/// Why a request is refused or failed, whatever protocol it came over. Each dialect renders it in its own form.
public struct RequestError: Error, Sendable, Equatable {
  /// The matching HTTP status; other protocols send it as a number.
  public var status: Int
  /// The family of the error, for instance `invalid_request_error`.
  public var type: String
  public var code: String?
  /// The field of the request that is wrong.
  public var param: String?
  public var message: String
  /// Seconds after which a retry may succeed; nil if none is known.
  public var retryAfter: Int?
  /// Whether a client library may retry by itself. False once the agent has worked.
  public var mayRetry: Bool

  public init(
    _ status: Int, type: String, code: String? = nil, param: String? = nil, message: String, retryAfter: Int? = nil,
    mayRetry: Bool = true
  ) {
    self.status = status
    self.type = type
    self.code = code
    self.param = param
    self.message = message
    self.retryAfter = retryAfter
    self.mayRetry = mayRetry
  }

  /// 400: the request itself is wrong.
  public static func invalid(_ message: String, param: String? = nil, code: String? = nil) -> RequestError {
    RequestError(400, type: "invalid_request_error", code: code, param: param, message: message)
  }

  /// 404, also for what belongs to another principal: whether it exists is not disclosed.
  public static func notFound(_ message: String, code: String, param: String? = nil) -> RequestError {
    RequestError(404, type: "invalid_request_error", code: code, param: param, message: message)
  }
}
