public import EventLoop
public import HTTP
public import HTTPServer

/// Tells browsers to make nothing of an answer but what it says it is.
@Reactor
public struct SecurityHeadersMiddleware: Middleware {
  public init() {}

  public func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
    context.setResponseField("x-content-type-options", "nosniff")
    context.setResponseField("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
    context.setResponseField("referrer-policy", "no-referrer")
    // What an agent said is nobody's to keep; a stream says the same in its own words.
    context.setResponseField("cache-control", "no-store")
    return nil
  }
}
