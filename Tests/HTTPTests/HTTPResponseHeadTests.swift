import Bytes
import HTTP
import Testing

struct HTTPResponseHeadTests {
  @Test("a head is written as status line, fields in order and a blank line")
  func writing() {
    var head = HTTPResponseHead(.ok, ["content-type": "text/plain", "x-b": "é"])
    head.add("set-cookie", "a=1")
    head.add("set-cookie", "b=2")
    #expect(
      written(head)
        == "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-b: é\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n")
  }

  @Test("setting a field replaces all of its name; nil removes them")
  func setting() {
    var head = HTTPResponseHead(.noContent)
    head.add("a", "1")
    head.add("b", "2")
    head.add("a", "3")
    #expect(head["a"] == "1")
    head["a"] = "4"
    #expect(head.fields.map(\.name) == ["b", "a"])
    head["b"] = nil
    #expect(head["b"] == nil)
    #expect(written(head) == "HTTP/1.1 204 No Content\r\na: 4\r\n\r\n")
  }

  @Test("no value begins a new line", arguments: ["\r\n", "\n", "\r", "\0", "\u{7F}", "\t", "\u{1B}"])
  func injection(control: String) {
    let blanks = String(repeating: " ", count: control.utf8.count)
    let head = HTTPResponseHead(.ok, ["x": "a\(control)set-cookie: b"])
    #expect(written(head) == "HTTP/1.1 200 OK\r\nx: a\(blanks)set-cookie: b\r\n\r\n")
  }

  private func written(_ head: HTTPResponseHead) -> String {
    var output = ByteBuffer()
    head.write(to: &output)
    return String(decoding: output.bytes, as: UTF8.self)
  }
}
