import EventLoop
import Identity
import HTTPServerTestSupport
import ClaudeCodeTestSupport
import TurnsTestSupport
import Bytes
import Testing

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

  @Test("text and thoughts keep their escapes; a call's input is the JSON that it was")
  func written() {
    #expect(whole(.text, #"\ud83d\ude00\n"#) == #"{"type":"text","text":"\ud83d\ude00\n"}"#)
    #expect(whole(.thinking, #"a\""#) == #"{"type":"thinking","thinking":"a\"","signature":""}"#)
    #expect(
      whole(.call(id: "c", name: "f"), #"{\"x\":[1.50]}"#)
        == #"{"type":"tool_use","id":"c","name":"f","input":{"x":[1.50]}}"#)
  }

  @Test("an input that is no object becomes one, so that nothing of it is lost")
  func oddInputs() {
    #expect(whole(.call(id: "c", name: "f"), "").hasSuffix(#""input":{}}"#))
    #expect(whole(.call(id: "c", name: "f"), "7").hasSuffix(#""input":{"arguments":7}}"#))
    #expect(whole(.call(id: "c", name: "f"), "{broken").hasSuffix(#""input":{"arguments":"{broken"}}"#))
  }
}
