import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Reactor
struct ErrorFormTests {
  @Test(
    "the path selects the error form, for models the client",
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

  @Test("Messages errors have Anthropic's form and request-id")
  func middleware() throws {
    let context = RequestContext.detached()
    context.identify("req_1")
    #expect(try ErrorFormMiddleware().intercept(HTTPRequest.of("POST", "/v1/messages").head, context) == nil)
    #expect(context.responseField("request-id") == "req_1")
    #expect(
      context.errorBody?(.invalidRequest("m", param: "p"), context).text
        == #"{"type":"error","error":{"type":"invalid_request_error","message":"m"},"request_id":"req_1"}"#)
  }

  @Test("other requests keep the default form")
  func others() throws {
    let context = RequestContext.detached()
    #expect(try ErrorFormMiddleware().intercept(HTTPRequest.of("POST", "/v1/chat/completions").head, context) == nil)
    #expect(context.responseField("request-id") == nil)
    #expect(context.errorBody == nil)
  }
}
