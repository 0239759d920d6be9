public import EventLoop
public import HTTP
public import HTTPServer

/// Lets browsers read responses: with keys from any origin (a key is still needed), without keys only from listed ones.
@Reactor
public struct CORSMiddleware: Middleware {
  private let allowsAnyOrigin: Bool
  private let allowedOrigins: Set<String>

  public init(allowsAnyOrigin: Bool, allowedOrigins: Set<String>) {
    self.allowsAnyOrigin = allowsAnyOrigin
    self.allowedOrigins = allowedOrigins
  }

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    guard let origin = head.fields["origin"] else { return nil }
    context.setResponseField("vary", "origin")
    guard allowsAnyOrigin || allowedOrigins.contains(origin) else { return nil }
    context.setResponseField("access-control-allow-origin", origin)
    context.setResponseField(
      "access-control-expose-headers", "x-request-id, request-id, x-session-id, x-claude-warning, retry-after")
    guard head.method == "OPTIONS", head.fields["access-control-request-method"] != nil else {
      return nil
    }
    let headers = head.fields["access-control-request-headers"] ?? "authorization, content-type"
    return HTTPResponse(
      head: HTTPResponseHead(
        .noContent,
        [
          "access-control-allow-methods": "GET, HEAD, POST, DELETE, OPTIONS",
          "access-control-allow-headers": headers, "access-control-max-age": "86400",
        ]))
  }
}
