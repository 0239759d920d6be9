import EventLoop
import HTTP
import HTTPServerTestSupport
import Testing

@testable import HTTPServer

@Reactor
struct MiddlewareTests {
  @Test("the first of the list sees the request first")
  func order() throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace), Layer("b", trace), Layer("c", trace)]) { _, _ in
      trace.steps.append("route")
      return .response(.text(""))
    }
    _ = try response(of: responder)
    #expect(trace.steps == ["a", "b", "c", "route"])
  }

  @Test("without middleware the route is called as it is")
  func none() throws {
    let responder = chain([]) { _, _ in .response(.text("t", status: 418)) }
    let response = try response(of: responder)
    #expect(response.head.status == 418)
  }

  @Test("a layer that throws keeps the request from the next")
  func throwing() throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace), Layer("b", trace, .refuses), Layer("c", trace)]) { _, _ in
      trace.steps.append("route")
      return .response(.text(""))
    }
    #expect(throws: HTTPError.invalidRequest("refused by b")) {
      _ = try response(of: responder)
    }
    #expect(trace.steps == ["a", "b"])
  }

  @Test("a layer that answers keeps the request from the next")
  func answering() throws {
    let trace = Trace()
    let responder = chain([Layer("a", trace, .answers), Layer("b", trace)]) { _, _ in .response(.text("route")) }
    let response = try response(of: responder)
    #expect(response.head.status == 418)
    #expect(trace.steps == ["a"])
  }

  @Test("what a layer leaves in the context arrives")
  func contextOfRequest() throws {
    let responder = chain([Layer("a", Trace())]) { _, context in
      .response(.text(context[Layer.Note.self]?.text ?? "nothing"))
    }
    let response = try response(of: responder)
    guard case .bytes(let body) = response.body else { throw TestFailure("not a body of bytes") }
    #expect(String(decoding: body, as: UTF8.self) == "from a")
  }

  private func response(of responder: HeadResponder) throws -> HTTPResponse {
    guard case .response(let response) = try responder(try HTTPRequest.of("GET", "/").head, .detached()) else {
      throw TestFailure("not a response")
    }
    return response
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

    func intercept(_ head: HTTPRequestHead, _ context: RequestContext) throws -> HTTPResponse? {
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
