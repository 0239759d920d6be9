import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Reactor
struct SecurityHeadersMiddlewareTests {
  @Test("every response has the security headers")
  func fields() throws {
    let context = RequestContext.detached()
    let answer = try SecurityHeadersMiddleware().intercept(try HTTPRequest.of("GET", "/").head, context)
    #expect(answer?.head.status == nil)
    #expect(context.responseField("x-content-type-options") == "nosniff")
    #expect(context.responseField("content-security-policy") == "default-src 'none'; frame-ancestors 'none'")
    #expect(context.responseField("referrer-policy") == "no-referrer")
    #expect(context.responseField("cache-control") == "no-store")
  }
}
