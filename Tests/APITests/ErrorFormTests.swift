import Identity
import HTTPServerTestSupport
import ClaudeCodeTestSupport
import TurnsTestSupport
import Bytes
import EventLoop
import HTTP
import HTTPServer
import Testing

@testable import API
@testable import Turns

@Reactor
struct ErrorFormTests {
  @Test(
    "each path has its form; for models it is the client that tells",
    arguments: [
      ("/v1/messages", [], .anthropic), ("/v1/messages/count_tokens", [], .anthropic),
      ("/v1/messages/x/y", [], .anthropic),
      ("/v1/messagesx", [], .openAI), ("/messages", [], .openAI), ("/v1/chat/completions", [], .openAI),
      ("/v1/models", [], .openAI), ("/v1/models", ["anthropic-version: 2023-06-01"], .anthropic),
      ("/v1/models/x", ["Anthropic-Version: 2023-06-01"], .anthropic),
      ("/v1/chat/completions", ["anthropic-version: 2023-06-01"], .openAI),
    ] as [(String, [String], ErrorForm)])
  func forms(path: String, fields: [String], form: ErrorForm) throws {
    #expect(ErrorForm(try HTTPRequest.of("GET", path, fields).head) == form)
  }

  @Test("the middleware says how errors are to be written, and names the request as Anthropic does")
  func middleware() throws {
    let context = RequestContext.detached()
    context.identify("req_1")
    #expect(try ErrorFormMiddleware().intercept(HTTPRequest.of("POST", "/v1/messages").head, context) == nil)
    #expect(context.responseField("request-id") == "req_1")
    #expect(
      context.errorBody?(.invalidRequest("m", param: "p"), context).text
        == #"{"type":"error","error":{"type":"invalid_request_error","message":"m"},"request_id":"req_1"}"#)
  }

  @Test("other requests are left as they are")
  func others() throws {
    let context = RequestContext.detached()
    #expect(try ErrorFormMiddleware().intercept(HTTPRequest.of("POST", "/v1/chat/completions").head, context) == nil)
    #expect(context.responseField("request-id") == nil)
    #expect(context.errorBody == nil)
  }
}
