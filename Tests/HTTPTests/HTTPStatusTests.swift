import HTTP
import Testing

struct HTTPStatusTests {
  @Test(
    "a status that the server sends has its reason of RFC 9110",
    arguments: [
      (100, "Continue"), (200, "OK"), (204, "No Content"), (400, "Bad Request"), (404, "Not Found"),
      (405, "Method Not Allowed"), (408, "Request Timeout"), (413, "Content Too Large"), (414, "URI Too Long"),
      (415, "Unsupported Media Type"), (431, "Request Header Fields Too Large"), (500, "Internal Server Error"),
      (501, "Not Implemented"), (503, "Service Unavailable"), (505, "HTTP Version Not Supported"),
    ])
  func reasons(code: Int, reason: String) {
    #expect(HTTPStatus(rawValue: code).reason == reason)
  }

  @Test("a status nobody named still has a reason")
  func unknown() {
    #expect(HTTPStatus(rawValue: 599).reason == "Status")
  }
}
