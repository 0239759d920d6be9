import Telemetry
import Bytes
public import EventLoop
public import HTTP
public import HTTPServer
public import Identity

/// Requires an API key if any are configured: `Authorization: Bearer …`, `x-api-key`, or Azure's `api-key`. One valid key
/// is enough, whatever the other fields hold: some clients send a placeholder beside it. Probes and preflights need none.
@Reactor
public struct APIKeyMiddleware: Middleware {
  private let keys: APIKeyRing

  public init(keys: APIKeyRing) { self.keys = keys }

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    guard !keys.isEmpty, !APIKeyMiddleware.isPublic(head) else {
      context[Principal.self] = .anonymous
      return nil
    }
    let sent = APIKeyMiddleware.keys(in: head.fields)
    guard let key = sent.first else {
      context.logger.warn("authentication failed", ["reason": "no key", "peer": .string(context.peer)])
      throw APIKeyMiddleware.unauthorized(
        "Missing API key: send \(ErrorForm(head).keyField)"
          + (head.segments == ["health"] ? "; /health/live and /health/ready need none" : ""))
    }
    guard let principal = sent.lazy.compactMap({ keys.principal(for: $0) }).first else {
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

  /// The keys of a request, at most three.
  private static func keys(in fields: HTTPFields) -> [String] {
    let parts = (fields["authorization"] ?? "").split(separator: " ", maxSplits: 1)
    // The scheme's name is case-insensitive (RFC 9110 section 11.1).
    let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer"
    let bearer = isBearer ? String(parts[1].drop(while: \.isWhitespace)) : nil
    return [bearer, fields["x-api-key"], fields["api-key"]].compactMap(\.self)
  }

  private static func unauthorized(_ message: String) -> HTTPError {
    HTTPError(
      .unauthorized, type: "invalid_request_error", code: "invalid_api_key", message: message,
      headers: [
        HTTPResponseHead.Field(name: "www-authenticate", value: "Bearer"),
        // The Claude CLI (2.1.332) as a client retries a 401 silently for more than a minute otherwise.
        HTTPResponseHead.Field(name: "x-should-retry", value: "false"),
      ])
  }
}

extension ErrorForm {
  /// The header in which clients of the dialect send their key.
  fileprivate var keyField: String { self == .anthropic ? "x-api-key: <key>" : "Authorization: Bearer <key>" }
}
