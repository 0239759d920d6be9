import Bytes
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Testing

@Reactor
struct HTTPResponseTests {
  @Test("a JSON answer is one line with a line end")
  func json() throws {
    let response = HTTPResponse.json(["a": [1, nil]], status: 202)
    #expect(response.head.status == 202)
    #expect(response.head["content-type"] == "application/json")
    guard case .bytes(let bytes) = response.body else { throw TestFailure("not a body of bytes") }
    #expect(String(decoding: bytes, as: UTF8.self) == "{\"a\":[1,null]}\n")
  }

  @Test("an event stream tells proxies not to hold it back")
  func eventStream() throws {
    let body = RecordingBody()
    let response = HTTPResponse.eventStream(body)
    #expect(
      response.head.fields.map { "\($0.name): \($0.value)" } == [
        "content-type: text/event-stream; charset=utf-8", "cache-control: no-cache, no-transform",
        "x-accel-buffering: no",
      ])
    guard case .stream(let stream) = response.body else { throw TestFailure("not a stream") }
    #expect(stream === body)
  }
}
