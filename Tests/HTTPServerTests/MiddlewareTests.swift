import EventLoop
import HTTP
import Testing

@testable import HTTPServer

@Reactor
struct MiddlewareTests {
  @Test("the first of the list is the outermost: first on the way in, last on the way out")
  func order() async throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace), Layer("b", trace), Layer("c", trace)]) { _, _ in
      trace.steps.append("route")
      return .text("")
    }
    _ = try await responder(try .of("GET", "/"), .detached())
    #expect(trace.steps == ["a in", "b in", "c in", "route", "c out", "b out", "a out"])
  }

  @Test("without middleware the route is called as it is")
  func none() async throws {
    let response = try await chain([]) { _, _ in .text("t", status: 418) }(try .of("GET", "/"), .detached())
    #expect(response.head.status == 418)
  }

  @Test("a layer that throws keeps the request from the next, and those outside of it see the error")
  func throwing() async throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace), Layer("b", trace, isRefusing: true), Layer("c", trace)]) { _, _ in
      trace.steps.append("route")
      return .text("")
    }
    await #expect(throws: HTTPError.invalidRequest("refused by b")) {
      _ = try await responder(try .of("GET", "/"), .detached())
    }
    #expect(trace.steps == ["a in", "b in", "a caught"])
  }

  @Test("what a layer leaves in the context and puts into the head arrives")
  func contextAndHead() async throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace)]) { _, context in .text(context[Layer.Note.self]?.text ?? "nothing") }
    let response = try await responder(try .of("GET", "/"), .detached())
    guard case .bytes(let body) = response.body else { throw TestFailure("not a body of bytes") }
    #expect(String(decoding: body, as: UTF8.self) == "from a")
    #expect(response.head["x-seen-by"] == "a")
  }

  @Reactor
  private final class Trace {
    var steps: [String] = []
  }

  private struct Layer: Middleware {
    struct Note {
      let text: String
    }

    let name: String
    let trace: Trace
    let isRefusing: Bool

    init(_ name: String, _ trace: Trace, isRefusing: Bool = false) {
      self.name = name
      self.trace = trace
      self.isRefusing = isRefusing
    }

    func respond(to request: HTTPRequest, _ context: RequestContext, next: Responder) async throws -> HTTPResponse {
      trace.steps.append("\(name) in")
      context[Note.self] = Note(text: "from \(name)")
      if isRefusing { throw HTTPError.invalidRequest("refused by \(name)") }
      do {
        var response = try await next(request, context)
        response.head["x-seen-by"] = name
        trace.steps.append("\(name) out")
        return response
      } catch {
        trace.steps.append("\(name) caught")
        throw error
      }
    }
  }
}
