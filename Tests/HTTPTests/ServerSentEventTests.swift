import Bytes
import HTTP
import Testing

struct ServerSentEventTests {
  @Test("a data frame is one line and an empty one")
  func data() {
    var output = ByteBuffer()
    ServerSentEvent.data(Array("{\"a\":1}".utf8).span, to: &output)
    #expect(output.bytes == Array("data: {\"a\":1}\n\n".utf8))
  }

  @Test("a frame built in pieces is the frame built at once")
  func pieces() {
    var output = ByteBuffer()
    ServerSentEvent.beginData(&output)
    output.append("[1,")
    output.append("2]")
    ServerSentEvent.end(&output)
    #expect(output.bytes == Array("data: [1,2]\n\n".utf8))
  }

  @Test("an event may have a name")
  func named() {
    var output = ByteBuffer()
    ServerSentEvent.begin("message_stop", &output)
    output.append("{}")
    ServerSentEvent.end(&output)
    #expect(String(decoding: output.bytes, as: UTF8.self) == "event: message_stop\ndata: {}\n\n")
  }

  @Test("a ping is a comment with one line end, which no client takes for an event")
  func ping() {
    #expect(ServerSentEvent.ping == ": ping\n")
    #expect(ServerSentEvent.done == "data: [DONE]\n\n")
  }
}
