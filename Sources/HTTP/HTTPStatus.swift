/// A status code (RFC 9110 section 15).
public struct HTTPStatus: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(integerLiteral value: Int) { rawValue = value }

  public static let switchingProtocols: HTTPStatus = 101
  public static let accepted: HTTPStatus = 202
  public static let ok: HTTPStatus = 200
  public static let noContent: HTTPStatus = 204
  public static let badRequest: HTTPStatus = 400
  public static let unauthorized: HTTPStatus = 401
  public static let forbidden: HTTPStatus = 403
  public static let notFound: HTTPStatus = 404
  public static let methodNotAllowed: HTTPStatus = 405
  public static let requestTimeout: HTTPStatus = 408
  public static let contentTooLarge: HTTPStatus = 413
  public static let targetTooLong: HTTPStatus = 414
  public static let unsupportedMediaType: HTTPStatus = 415
  public static let upgradeRequired: HTTPStatus = 426
  public static let tooManyRequests: HTTPStatus = 429
  public static let headTooLarge: HTTPStatus = 431
  public static let internalServerError: HTTPStatus = 500
  public static let notImplemented: HTTPStatus = 501
  public static let badGateway: HTTPStatus = 502
  public static let serviceUnavailable: HTTPStatus = 503
  public static let gatewayTimeout: HTTPStatus = 504
  public static let versionNotSupported: HTTPStatus = 505

  public var reason: String { HTTPStatus.reasons[rawValue] ?? "Status" }

  private static let reasons = [
    100: "Continue", 101: "Switching Protocols", 102: "Processing", 200: "OK", 202: "Accepted", 204: "No Content",
    400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    409: "Conflict", 413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
    422: "Unprocessable Content", 426: "Upgrade Required", 429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout", 505: "HTTP Version Not Supported", 529: "Site is overloaded",
  ]
}
