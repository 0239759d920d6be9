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

  @Test("how long a model's full name may be")
  func model() async throws {
    let limit = ModelCatalog.maximumNameLength
    let outcomes = try await LimitTable.row("model name", limit) { offset in
      let id = "claude-\(String(repeating: "x", count: limit - 7 + offset))"
      return ModelCatalog.builtIn.model(id)?.id == id ? "known" : "unknown"
    }
    #expect(outcomes == ["known", "known", "unknown"])
  }

  @Test("how long a tool's detail may be")
  func toolNote() async throws {
    let limit = ToolNote.maximumDetail
    let outcomes = try await LimitTable.row("tool note", limit) { offset in
      let detail = String(repeating: "é", count: limit + offset)
      let note = ToolNote.use(name: "X", input: ["a": .string(detail)])
      return note == "[X] \(detail)" ? "whole" : "cut to \(note.count - 5)"
    }
    #expect(outcomes == ["whole", "whole", "cut to 120"])
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
