import EventLoop
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

@Reactor
@Suite(.bounded)
struct RouterTests {
  @Test(
    "the route whose method and path match is called, with the segments it names",
    arguments: [
      ("GET", "/", "root"), ("GET", "/health", "health"), ("POST", "/health", "post health"),
      ("GET", "/models/opus", "model opus"), ("GET", "/models/a%20b", "model a b"), ("GET", "/models/mine", "mine"),
      ("GET", "/runs/7/lines/8", "run 7 line 8"), ("GET", "/health?x=/models", "health"), ("GET", "/health/", "health"),
      ("HEAD", "/health", "health"), ("DELETE", "/models/x", "deleted x"),
    ])
  func routes(method: String, target: String, expected: String) async throws {
    let response = try await router().respond(try .of(method, target), .detached()).response()
    guard case .bytes(let body) = response.body else { throw TestFailure("not a body of bytes") }
    #expect(String(decoding: body, as: UTF8.self) == expected)
  }

  @Test(
    "the matched route's pattern is noted in the context; nothing is, where none matches",
    arguments: [
      ("GET", "/health?x=1", "/health"), ("HEAD", "/models/opus", "/models/{id}"),
      ("GET", "/models/mine", "/models/mine"),
      ("GET", "/none", nil), ("PUT", "/health", nil), ("OPTIONS", "/health", nil),
    ] as [(String, String, String?)])
  func pattern(method: String, target: String, expected: String?) throws {
    let context = RequestContext.detached()
    _ = try? router().respond(try .of(method, target), context)
    #expect(context.route == expected)
  }

  @Test(
    "a path nobody has is a 404",
    arguments: [
      ("GET", "/none"), ("POST", "/models"), ("GET", "/health/x"), ("OPTIONS", "/none"), ("GET", "/Health"),
      ("HEAD", "/x/y"),
    ])
  func notFound(method: String, target: String) async throws {
    let error = try #require(await failure(method, target))
    #expect(error == .notFound("No route for \(method) \(target)", code: "unknown_url"))
    #expect(error.status == 404)
  }

  @Test(
    "a method the path does not have is a 405 that tells which it has",
    arguments: [
      ("PUT", "/health", "GET, HEAD, OPTIONS, POST"), ("POST", "/models/x", "DELETE, GET, HEAD, OPTIONS"),
      ("TRACE", "/", "GET, HEAD, OPTIONS"), ("GET", "/only-post", "OPTIONS, POST"),
      ("HEAD", "/only-post", "OPTIONS, POST"),
    ])
  func notAllowed(method: String, target: String, allowed: String) async throws {
    let error = try #require(await failure(method, target))
    #expect(error.status == 405)
    #expect(error.code == "method_not_allowed")
    #expect(error.headers == [HTTPResponseHead.Field(name: "allow", value: allowed)])
  }

  @Test(
    "a method HTTP does not have is a 501, on any path", arguments: ["BREW", "get", "PROPFIND"], ["/health", "/none"])
  func unknownMethod(method: String, target: String) async throws {
    let error = try #require(await failure(method, target))
    #expect(error.status == 501)
    #expect(error.code == "unknown_method")
  }

  @Test(
    "a route says what body it takes; none if it does not say",
    arguments: [("GET", "/health", RequestBodyKind.none), ("POST", "/json", .json), ("POST", "/bytes", .bytes)])
  func bodies(method: String, path: String, expected: RequestBodyKind) throws {
    let admission = try router().admit(try HTTPRequest.of(method, path).head, .detached())
    guard case .route(let route) = admission else { throw TestFailure("no route") }
    #expect(route.body == expected)
  }

  @Test("OPTIONS tells what a path takes")
  func options() async throws {
    let response = try await router().respond(try .of("OPTIONS", "/models/x"), .detached()).response()
    #expect(response.head.status == 204)
    #expect(response.head["allow"] == "DELETE, GET, HEAD, OPTIONS")
  }

  @Test("OPTIONS of the asterisk tells what the server takes; a path that looks like one is a path")
  func serverOptions() async throws {
    let response = try await router().respond(try .of("OPTIONS", "*"), .detached()).response()
    #expect(response.head.status == 204)
    #expect(response.head["allow"] == "DELETE, GET, HEAD, OPTIONS, POST")
    #expect(try #require(await failure("OPTIONS", "/*")).status == 404)
  }

  @Test("a server that has nothing still takes OPTIONS")
  func emptyServer() async throws {
    let response = try await Router().respond(try .of("OPTIONS", "*"), .detached()).response()
    #expect(response.head["allow"] == "OPTIONS")
  }

  @Test("a name the pattern does not have is empty")
  func unknownParameter() {
    #expect(PathParameters()["none"] == "")
  }

  private func router() -> Router {
    var router = Router()
    router.on("GET", "/") { _, _, _ in .text("root") }
    router.on("GET", "/health") { _, _, _ in .text("health") }
    router.on("POST", "/health") { _, _, _ in .text("post health") }
    router.on("POST", "/only-post") { _, _, _ in .text("posted") }
    router.on("POST", "/json", body: .json) { _, _, _ in .text("json") }
    router.on("POST", "/bytes", body: .bytes, atOnce: { _, _, _ in .text("bytes") })
    router.on("GET", "/models/mine") { _, _, _ in .text("mine") }
    router.on("GET", "/models/{id}") { _, _, parameters in .text("model \(parameters["id"])") }
    router.on("DELETE", "/models/{id}") { _, _, parameters in .text("deleted \(parameters["id"])") }
    router.on("GET", "/runs/{run}/lines/{line}") { _, _, parameters in
      .text("run \(parameters["run"]) line \(parameters["line"])")
    }
    return router
  }

  private func failure(_ method: String, _ target: String) async -> HTTPError? {
    do {
      _ = try await router().respond(try .of(method, target), .detached()).response()
      return nil
    } catch {
      return error as? HTTPError
    }
  }
}
