import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API

struct SessionHeaderTests {
  @Test("the header names a session by UUID, in any case")
  func named() throws {
    let request = try HTTPRequest.of("POST", "/", ["X-Session-Id: AAAAAAAA-2222-4333-8444-555555555555"])
    #expect(try request.head.sessionID == "aaaaaaaa-2222-4333-8444-555555555555")
    #expect(try HTTPRequest.of("POST", "/").head.sessionID == nil)
  }

  @Test("any other value is rejected", arguments: ["", "x", "../../etc", "aaaaaaaa22224333844455555555555555555"])
  func refused(value: String) throws {
    let request = try HTTPRequest.of("POST", "/", ["x-session-id: \(value)"])
    #expect(try refusal { _ = try request.head.sessionID } == "400 x-session-id -")
  }
}
