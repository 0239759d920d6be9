import Bytes
import HTTP
import HTTPServerTestSupport
import TestSupport
import Testing

@testable import HTTPServer

@Suite(.bounded)
struct HTTPErrorTests {
  @Test("an error has OpenAI's form, what it does not know as null")
  func body() {
    let full = HTTPError(.tooManyRequests, type: "t", code: "c", param: "p", message: "m \"quoted\"")
    #expect(full.body.text == #"{"error":{"message":"m \"quoted\"","type":"t","param":"p","code":"c"}}"#)
    #expect(
      HTTPError.invalidRequest("m").body.text
        == #"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}"#)
  }

  @Test("how long what an error quotes may be")
  func clipped() async throws {
    for (name, limit) in [("message", HTTPError.maximumMessage), ("parameter", HTTPError.maximumParameter)] {
      let outcomes = try await LimitTable.row("characters of an error's \(name)", limit) { offset in
        let text = String(repeating: "\u{1}", count: limit + offset)
        let error = HTTPError(.badRequest, type: "t", param: text, message: text)
        let kept = name == "message" ? error.message : error.param ?? ""
        return kept == text ? "whole" : kept == text.dropLast(offset) + "…" ? "clipped" : "else"
      }
      #expect(outcomes == ["whole", "whole", "clipped"])
    }
    #expect(HTTPError.invalidRequest(String(repeating: "é", count: 4000)).message.count == 4000)
  }

  @Test("an error's answer has its status, JSON, its own fields and one line end")
  func response() throws {
    let error = HTTPError(
      .tooManyRequests, type: "t", message: "m", headers: [HTTPResponseHead.Field(name: "retry-after", value: "7")])
    let response = error.response
    #expect(response.head.status == 429)
    #expect(response.head["content-type"] == "application/json")
    #expect(response.head["retry-after"] == "7")
    guard case .bytes(let bytes) = response.body else { throw TestFailure("not a body of bytes") }
    #expect(bytes == error.body.encoded + [Ascii.lineFeed])
  }

  @Test(
    "a protocol error keeps its status and gets its code",
    arguments: [
      (400, "invalid_request_error", "bad_request"), (408, "invalid_request_error", "request_timeout"),
      (413, "invalid_request_error", "request_too_large"), (414, "invalid_request_error", "uri_too_long"),
      (431, "invalid_request_error", "headers_too_large"), (501, "server_error", "not_implemented"),
    ])
  func protocolErrors(status: Int, type: String, code: String) {
    let error = HTTPError(HTTPProtocolError(HTTPStatus(rawValue: status), "why"))
    #expect(error == HTTPError(HTTPStatus(rawValue: status), type: type, code: code, message: "why"))
  }

  @Test("the server's own mistake tells nothing about itself")
  func internalError() {
    #expect(HTTPError.internalError.status == 500)
    #expect(HTTPError.internalError.type == "server_error")
    #expect(HTTPError.notFound("m", code: "c").status == 404)
  }
}
