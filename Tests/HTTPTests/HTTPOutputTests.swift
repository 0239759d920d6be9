import Bytes
import HTTP
import Testing

struct HTTPOutputTests {
  private func text(_ output: HTTPOutput) -> String {
    var copy = ByteBuffer()
    copy.append(output.span)
    return String(decoding: copy.bytes, as: UTF8.self)
  }

  @Test("what is written until the chunk is closed is one chunk")
  func oneChunk() {
    var output = HTTPOutput()
    #expect(output.appendBody(isChunked: true) { $0.append("data: 1\n\n") } == 19)
    #expect(output.appendBody(isChunked: true) { $0.append("data: 2\n\n") } == 9)
    output.closeChunk()
    #expect(text(output) == "00000012\r\ndata: 1\n\ndata: 2\n\n\r\n")
    #expect(output.appendBody(isChunked: true) { $0.append("x") } == 11)
    output.endBody(isChunked: true)
    #expect(text(output) == "00000012\r\ndata: 1\n\ndata: 2\n\n\r\n00000001\r\nx\r\n0\r\n\r\n")
  }

  @Test("nothing said is no chunk, for an empty one would end the body")
  func nothing() {
    var output = HTTPOutput()
    #expect(output.appendBody(isChunked: true) { _ in } == 0)
    output.closeChunk()
    #expect(output.isEmpty)
    output.endBody(isChunked: true)
    #expect(text(output) == "0\r\n\r\n")
  }

  @Test("a body that is not chunked is its bytes")
  func plain() {
    var output = HTTPOutput()
    #expect(output.appendBody(isChunked: false) { $0.append("abc") } == 3)
    output.endBody(isChunked: false)
    #expect(text(output) == "abc")
  }

  @Test("a chunk's size is right whatever was sent before it")
  func afterSending() {
    var output = HTTPOutput()
    output.append(Array(repeating: 0x61, count: 100_000))
    output.consume(99_999)
    #expect(output.appendBody(isChunked: true) { $0.append(String(repeating: "b", count: 0x1234)) } == 0x1234 + 10)
    output.closeChunk()
    #expect(text(output).hasPrefix("a00001234\r\nbbb"))
    #expect(output.count == 1 + 10 + 0x1234 + 2)
    output.removeAll()
    #expect(output.isEmpty)
  }
}
