import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct ChatCompletionChunksTests {
  private static func chunks(usage: Bool = false, _ plan: AnswerPlan = AnswerPlan()) -> ChatCompletionChunks {
    ChatCompletionChunks(
      ChatCompletionIdentity(id: "c", created: 1, model: "m"), includesUsage: usage, keepsThinking: false, plan)
  }

  private static func frame(_ delta: String, reason: String = "null", usage: Bool = false) -> String {
    #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","system_fingerprint":"fp_claude_code","#
      + #""choices":[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(reason)}]"#
      + (usage ? #","usage":null}"# : "}") + "\n\n"
  }

  private static let role = frame(#"{"role":"assistant","content":""}"#)

  private func text(_ chunks: ChatCompletionChunks) -> String {
    var (chunks, output) = (chunks, ByteBuffer())
    chunks.exchange(&output)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  @Test("a call is sent as its name, then its arguments in pieces, with a number")
  func calls() {
    var chunks = Self.chunks()
    chunks.functionCall(id: "a\"", name: "f")
    chunks.functionArguments(Array(#"{\"x\""#.utf8).span)
    chunks.functionArguments(Array(":1}".utf8).span)
    chunks.functionCall(id: "b", name: "g")
    chunks.functionArguments(Array("{}".utf8).span)
    let named = { (index: Int, id: String, name: String) in
      Self.frame(
        #"{"tool_calls":[{"index":\#(index),"id":"\#(id)","type":"function","function":{"name":"\#(name)","#
          + #""arguments":""}}]}"#)
    }
    let piece = { (index: Int, text: String) in
      Self.frame(#"{"tool_calls":[{"index":\#(index),"function":{"arguments":"\#(text)"}}]}"#)
    }
    #expect(
      text(chunks)
        == Self.role + named(0, #"a\""#, "f") + piece(0, #"{\"x\""#) + piece(0, ":1}") + named(1, "b", "g")
        + piece(1, "{}"))
    #expect(
      chunks.message.calls == [
        ChatToolCall(id: "a\"", name: "f", arguments: #"{"x":1}"#), ChatToolCall(id: "b", name: "g", arguments: "{}"),
      ])
  }

  @Test("arguments without a call are dropped")
  func noCall() {
    var chunks = Self.chunks()
    chunks.functionArguments(Array("{}".utf8).span)
    #expect(text(chunks).isEmpty && !chunks.hasBegun)
  }

  @Test("the head is sent once, before the text and the first call, and is not part of the answer")
  func head() {
    var chunks = Self.chunks(AnswerPlan(head: "h\n"))
    chunks.functionCall(id: "a", name: "f")
    #expect(text(chunks).hasPrefix(Self.role + Self.frame(#"{"content":"h\n"}"#)))
    #expect(text(chunks).ranges(of: #""content":"h\n""#).count == 1)
    #expect(chunks.message.text.isEmpty)
  }

  @Test("a structured answer is sent in one piece without the model's text")
  func structured() {
    var chunks = Self.chunks(AnswerPlan(form: .structured(schema: [:])))
    chunks.answerText(Array("said".utf8).span)
    #expect(!chunks.hasBegun)
    chunks.structured(["a": "é\n"])
    #expect(text(chunks) == Self.role + Self.frame(#"{"content":"{\"a\":\"é\\n\"}"}"#))
    #expect(chunks.message.text == #"{"a":"é\n"}"#)
  }

  @Test("an unstreamed call is sent in one piece")
  func whole() {
    var chunks = Self.chunks()
    chunks.call(ChatToolCall(id: "a", name: "f", arguments: #"{"x":"\n"}"#))
    #expect(
      text(chunks).hasSuffix(Self.frame(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":\"\\n\"}"}}]}"#)))
    #expect(chunks.message.calls.first?.arguments == #"{"x":"\n"}"#)
  }

  private static let ending = AnswerEnding(reason: .calls, hasCalls: true, lastStopReason: nil, usage: TokenUsage())

  @Test("the end has usage on request")
  func finish() {
    var chunks = Self.chunks()
    chunks.finish(Self.ending)
    #expect(text(chunks) == Self.role + Self.frame("{}", reason: "\"tool_calls\"") + "data: [DONE]\n\n")
    var counted = Self.chunks(usage: true)
    counted.finish(Self.ending)
    #expect(
      text(counted)
        == Self.frame(#"{"role":"assistant","content":""}"#, usage: true)
        + Self.frame("{}", reason: "\"tool_calls\"", usage: true)
        + #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","#
        + #""system_fingerprint":"fp_claude_code","choices":[],"usage":\#(TokenUsage().chatCompletionUsage(cost: nil).text)}"#
        + "\n\ndata: [DONE]\n\n")
  }
}
