import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct MessagesBlockTests {
  private func whole(_ kind: MessagesBlock.Kind, _ inside: String) -> String {
    var block = MessagesBlock(kind)
    block.inside = Array(inside.utf8)
    var output = ByteBuffer()
    block.write(to: &output)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  @Test("text and thinking keep their escapes, and call inputs stay the same JSON")
  func written() {
    #expect(whole(.text, #"\ud83d\ude00\n"#) == #"{"type":"text","text":"\ud83d\ude00\n"}"#)
    #expect(whole(.thinking, #"a\""#) == #"{"type":"thinking","thinking":"a\"","signature":""}"#)
    #expect(
      whole(.call(id: "c", name: "f"), #"{\"x\":[1.50]}"#)
        == #"{"type":"tool_use","id":"c","name":"f","input":{"x":[1.50]}}"#)
  }

  @Test("an input that is not an object is wrapped in one")
  func oddInputs() {
    #expect(whole(.call(id: "c", name: "f"), "").hasSuffix(#""input":{}}"#))
    #expect(whole(.call(id: "c", name: "f"), "7").hasSuffix(#""input":{"arguments":7}}"#))
    #expect(whole(.call(id: "c", name: "f"), "{broken").hasSuffix(#""input":{"arguments":"{broken"}}"#))
  }
}
