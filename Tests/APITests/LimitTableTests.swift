import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

/// The limits of requests and of what is told of a run, tried at their real values.
@Reactor
@Suite(.bounded)
struct LimitTableTests {
  @Test("limit: length of a client's request id")
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

  @Test("limit: values of a body")
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
