import HTTP
import HTTPServerTestSupport
import Testing

@testable import HTTPServer

struct RequestBodyKindTests {
  private func refusal(_ kind: RequestBodyKind, _ fields: [String], _ length: HTTPBodyLength = .known(2)) throws -> Int?
  {
    do {
      try kind.check(try HTTPRequest.of("POST", "/", fields).head, length, ServerLimits())
      return nil
    } catch let error as HTTPError {
      #expect(error.code == (error.status == 413 ? "request_too_large" : "unsupported_media_type"))
      return error.status.rawValue
    }
  }

  @Test(
    "JSON is taken with or without a charset",
    arguments: [
      [], ["Content-Type: application/json"], ["Content-Type: application/json; charset=utf-8"],
      ["content-type: Application/JSON;charset=\"UTF-8\""], ["Content-Type: application/vnd.api+json"],
      ["Content-Type: application/json", "Content-Encoding: identity"], ["Content-Type: application/json; odata=x"],
    ])
  func accepted(fields: [String]) throws {
    #expect(try refusal(.json, fields) == nil)
  }

  @Test(
    "other types and codings are not; a route that takes anything, or nothing, does not look at them",
    arguments: [
      "Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded",
      "Content-Type: multipart/form-data",
      "Content-Type:", "Content-Type: application/json; charset=latin1", "Content-Encoding: gzip",
      "Content-Encoding: br", "Content-Type: application/jsonp",
    ])
  func unsupported(field: String) throws {
    #expect(try refusal(.json, [field]) == 415)
    #expect(try refusal(.bytes, [field]) == nil)
    #expect(try refusal(.none, [field]) == nil)
  }

  @Test(
    "each kind has its longest body",
    arguments: [(RequestBodyKind.none, 64 << 10), (.bytes, 32 << 20), (.json, 32 << 20)])
  func limits(kind: RequestBodyKind, limit: Int) throws {
    #expect(try [-1, 0, 1].map { try refusal(kind, [], .known(limit + $0)) } == [nil, nil, 413])
    #expect(try refusal(kind, [], .chunked) == nil)
  }
}
