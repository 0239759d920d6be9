import Identity
import HTTPServerTestSupport
import ClaudeCodeTestSupport
import TurnsTestSupport
import Bytes
import EventLoop
import HTTP
import HTTPServer
import TestSupport
import Testing

@testable import API
@testable import Turns

/// The limits of requests and of what is told of a run, tried at their real values.
@Reactor
@Suite(.bounded)
struct LimitTableTests {
  @Test("how long a client's request id may be")
  func requestID() async throws {
    let limit = RequestIDMiddleware.maximumLength
    let outcomes = try await LimitTable.row("request id", limit) { offset in
      let id = String(repeating: "x", count: limit + offset)
      let context = RequestContext.detached()
      let request = try HTTPRequest.of("GET", "/", ["X-Request-Id: \(id)"])
      _ = try RequestIDMiddleware { "new" }.intercept(request.head, context)
      return context.requestID == id ? "kept" : context.requestID
    }
    #expect(outcomes == ["kept", "kept", "req_new"])
  }

  @Test("how many values a body may have")
  func values() async throws {
    let outcomes = try await LimitTable.row("values of a body", RequestLimits.values) { offset in
      // The object and the array are values, too.
      let zeros = Array(repeating: "0", count: RequestLimits.values + offset - 2).joined(separator: ",")
      let request = try HTTPRequest.of("POST", "/", body: #"{"a":[\#(zeros)]}"#)
      do {
        return "\(try await JSONBody.object(of: request).keys)"
      } catch let error as RequestError {
        return error.summary
      }
    }
    #expect(outcomes == [#"["a"]"#, #"["a"]"#, "400 - invalid_json"])
  }
}
