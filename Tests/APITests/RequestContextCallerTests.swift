import HTTPServerTestSupport
import ClaudeCodeTestSupport
import TurnsTestSupport
@testable import Turns
import EventLoop
import HTTPServer
import Identity
import Testing

@testable import API

@Reactor
struct RequestContextCallerTests {
  @Test("a request that no authentication has seen is an error, not anybody's")
  func unauthenticated() {
    #expect(throws: HTTPError.internalError) { try RequestContext.detached().principal() }
    #expect(throws: HTTPError.internalError) { try RequestContext.detached().caller() }
  }

  @Test("a caller is who authenticated, and leaves when the request's client does")
  func caller() throws {
    let context = RequestContext.detached()
    context.identify("req-1")
    context[Principal.self] = Principal.me
    let caller = try context.caller()
    let detached = caller.detached()
    #expect(caller.principal == Principal.me && caller.requestID == "req-1")
    context.cancellation.cancel()
    #expect(caller.cancellation.isCancelled && !detached.cancellation.isCancelled)
    #expect(detached.principal == Principal.me && detached.requestID == "req-1")
  }
}
