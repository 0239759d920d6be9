import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Reactor
struct RequestContextCallerTests {
  @Test("a request that bypassed authentication is an error")
  func unauthenticated() {
    #expect(throws: HTTPError.internalError) { try RequestContext.detached().principal() }
    #expect(throws: HTTPError.internalError) { try RequestContext.detached().caller() }
  }

  @Test("a caller has the request's principal, and is cancelled with it")
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
