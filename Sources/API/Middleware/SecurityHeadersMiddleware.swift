public import EventLoop
public import HTTP
public import HTTPServer

/// Sets `nosniff`, content security policy, referrer policy and cache headers.
@Reactor
public struct SecurityHeadersMiddleware: Middleware {
  public init() {}

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    context.setResponseField("x-content-type-options", "nosniff")
    context.setResponseField("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
    context.setResponseField("referrer-policy", "no-referrer")
    // Nobody may store an agent's output. Streams set a value of their own.
    context.setResponseField("cache-control", "no-store")
    return nil
  }
}
