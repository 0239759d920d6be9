import Telemetry
import Bytes
public import EventLoop
public import HTTP
public import HTTPServer
public import Identity

/// Requires an API key if any are configured: `Authorization: Bearer …`, or `x-api-key`. Probes and preflights need
/// none.
@Reactor
public struct APIKeyMiddleware: Middleware {
  private let keys: APIKeyRing

  public init(keys: APIKeyRing) { self.keys = keys }

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    guard !keys.isEmpty, !APIKeyMiddleware.isPublic(head) else {
      context[Principal.self] = .anonymous
      return nil
    }
    guard let key = APIKeyMiddleware.key(in: head.fields) else {
      context.logger.warn("authentication failed", ["reason": "no key", "peer": .string(context.peer)])
      throw APIKeyMiddleware.unauthorized(
        "Missing API key: send Authorization: Bearer <key>"
          + (head.segments == ["health"] ? "; /health/live and /health/ready need none" : ""))
    }
    guard let principal = keys.principal(for: key) else {
      context.logger.warn(
        "authentication failed",
        ["reason": "unknown key", "key": .string(APIKeyRing.masked(key)), "peer": .string(context.peer)])
      throw APIKeyMiddleware.unauthorized("Incorrect API key provided: \(APIKeyRing.masked(key))")
    }
    context.logger.info("authenticated", ["key": .string(principal.name), "peer": .string(context.peer)])
    context[Principal.self] = principal
    context.account = principal.id
    return nil
  }

  private static func isPublic(_ head: HTTPRequestHead) -> Bool {
    head.method == "OPTIONS" || head.isHealthProbe
  }

  private static func key(in fields: HTTPFields) -> String? {
    if let authorization = fields["authorization"] {
      let parts = authorization.split(separator: " ", maxSplits: 1)
      // The scheme's name is case-insensitive (RFC 9110 section 11.1).
      if parts.count == 2, parts[0].lowercased() == "bearer" { return String(parts[1].drop(while: \.isWhitespace)) }
    }
    return fields["x-api-key"]
  }

  private static func unauthorized(_ message: String) -> HTTPError {
    HTTPError(
      .unauthorized, type: "invalid_request_error", code: "invalid_api_key", message: message,
      headers: [HTTPResponseHead.Field(name: "www-authenticate", value: "Bearer")])
  }
}
