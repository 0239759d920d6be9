import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

struct ChatCompletionResponseTests {
  @Test("a recorded turn is one document", arguments: ["text", "thinking", "tools-parallel", "tool-denied"])
  func golden(name: String) throws {
    let text = ChatCompletionHarness().taking(name).documents
    #expect(text == Recording.golden("whole-\(name)", "json"))
    #expect(try JSONValue(parsing: text)["choices"]?.array?.first?["message"]?["role"] == "assistant")
  }

  @Test("without thinking there is no reasoning_content, and the head comes first")
  func head() {
    var harness = ChatCompletionHarness(AnswerPlan(head: "session-id=x\n\n"))
    harness.take(CLILine.message("m", "a\\\"b", stop: "max_tokens") + [CLILine.result()])
    #expect(
      harness.documents
        == #"{"id":"chatcmpl-1","object":"chat.completion","created":1795235530,"model":"claude-code","#
        + #""system_fingerprint":"fp_claude_code","choices":[{"index":0,"message":{"role":"assistant","#
        + #""content":"session-id=x\n\na\"b","refusal":null},"logprobs":null,"finish_reason":"length"}],"#
        + #""usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0},"#
        + #""completion_tokens_details":{"reasoning_tokens":0}}}"# + "\n")
  }

  @Test("the document equals the chunks", arguments: ["thinking", "tool-denied", "tools-parallel"])
  func agreement(name: String) throws {
    let harness = ChatCompletionHarness().taking(name)
    let read = try Dialect.chatCompletions.read(harness.text)
    let message = try JSONValue(parsing: harness.documents)["choices"]?.array?.first?["message"]
    #expect(read.text == message?["content"]?.string)
    #expect(read.thinking == message?["reasoning_content"]?.string ?? "")
  }

  @Test("only a writer of documents keeps thinking")
  func thinking() {
    for keepsThinking in [true, false] {
      var harness = AnswerHarness {
        ChatCompletionChunks(.example, includesUsage: false, keepsThinking: keepsThinking, $0)
      }
      harness.take([CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("t"), CLILine.textStart])
      harness.take([CLILine.text("a"), CLILine.messageDelta("end_turn"), CLILine.result("a")])
      #expect(harness.documents.contains(#""reasoning_content":"t""#) == keepsThinking)
    }
  }
}
