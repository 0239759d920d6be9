import EventLoop
import HTTP
import Testing

@testable import HTTPServer

@Reactor
struct MiddlewareTests {
  @Test("the first of the list sees the request first")
  func order() async throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace), Layer("b", trace), Layer("c", trace)]) { _, _ in
      trace.steps.append("route")
      return .ready(.text(""))
    }
    _ = try await responder(try .of("GET", "/"), .detached()).response()
    #expect(trace.steps == ["a", "b", "c", "route"])
  }

  @Test("without middleware the route is called as it is")
  func none() async throws {
    let responder = chain([]) { _, _ in .ready(.text("t", status: 418)) }
    let response = try await responder(try .of("GET", "/"), .detached()).response()
    #expect(response.head.status == 418)
  }

  @Test("a layer that throws keeps the request from the next")
  func throwing() throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace), Layer("b", trace, .refuses), Layer("c", trace)]) { _, _ in
      trace.steps.append("route")
      return .ready(.text(""))
    }
    #expect(throws: HTTPError.invalidRequest("refused by b")) {
      _ = try responder(try .of("GET", "/"), .detached())
    }
    #expect(trace.steps == ["a", "b"])
  }

  @Test("a layer that answers keeps the request from the next")
  func answering() async throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace, .answers), Layer("b", trace)]) { _, _ in .ready(.text("route")) }
    let response = try await responder(try .of("GET", "/"), .detached()).response()
    #expect(response.head.status == 418)
    #expect(trace.steps == ["a"])
  }

  @Test("what a layer leaves in the context arrives")
  func contextOfRequest() async throws {
    let responder = chain([Layer("a", Trace())]) { _, context in
      .ready(.text(context[Layer.Note.self]?.text ?? "nothing"))
    }
    let response = try await responder(try .of("GET", "/"), .detached()).response()
    guard case .bytes(let body) = response.body else { throw TestFailure("not a body of bytes") }
    #expect(String(decoding: body, as: UTF8.self) == "from a")
  }

  @Reactor
  private final class Trace {
    var steps: [String] = []
  }

  private struct Layer: Middleware {
    struct Note {
      let text: String
    }

    enum Manner {
      case passes, refuses, answers
    }

    let name: String
    let trace: Trace
    let manner: Manner

    init(_ name: String, _ trace: Trace, _ manner: Manner = .passes) {
      self.name = name
      self.trace = trace
      self.manner = manner
    }

    func intercept(_ request: HTTPRequest, _ context: RequestContext) throws -> HTTPResponse? {
      trace.steps.append(name)
      context[Note.self] = Note(text: "from \(name)")
      switch manner {
      case .passes: return nil
      case .refuses: throw HTTPError.invalidRequest("refused by \(name)")
      case .answers: return .text("", status: 418)
      }
    }
  }
}
