import Bytes
import TestSupport
import Testing

@testable import API
@testable import Turns
@testable import ClaudeCode

struct ChatCompletionResponseTests {
  private static let identity = ChatCompletionIdentity(id: "chatcmpl-1", created: 1_795_235_530, model: "claude-code")

  private func response(_ lines: [[UInt8]], head: String = "") throws -> String {
    var reader = AnswerReader()
    var answer = CollectedAnswer()
    var last: TurnResult?
    for line in lines {
      guard let message = StreamMessage(scanning: line.span) else { continue }
      try reader.read(message, line.span, into: &answer)
      if let result = TurnResult(line.span) {
        try reader.finish(result, into: &answer)
        last = result
      }
    }
    let result = try #require(last)
    let run = CollectedRun(answer: answer, stopReason: reader.stopReason, usage: reader.usage, result: result)
    let response = try ChatCompletionResponse(Self.identity, run, head: head)
    return String(decoding: response.encoded, as: UTF8.self)
  }

  @Test("a recorded turn as one document", arguments: ["text", "thinking", "tools-parallel", "tool-denied"])
  func golden(name: String) throws {
    let text = try response(Recording("cli-2.1.329/\(name)").lines)
    #expect(text == Recording.golden("whole-\(name)", "json"))
    #expect(try JSONValue(parsing: text)["choices"]?.array?.first?["message"]?["role"] == "assistant")
  }

  @Test("without thinking there is no reasoning; the head comes first")
  func head() throws {
    let lines = (CLILine.message("m", "a\\\"b", stop: "max_tokens") + [CLILine.result()]).map { Array($0.utf8) }
    #expect(
      try response(lines, head: "session-id=x\n\n")
        == #"{"id":"chatcmpl-1","object":"chat.completion","created":1795235530,"model":"claude-code","#
        + #""system_fingerprint":"fp_claude_code","choices":[{"index":0,"message":{"role":"assistant","#
        + #""content":"session-id=x\n\na\"b","refusal":null},"logprobs":null,"finish_reason":"length"}],"#
        + #""usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0},"#
        + #""completion_tokens_details":{"reasoning_tokens":0}}}"# + "\n")
  }

  @Test(
    "what is told at once is what is told piece by piece", arguments: ["thinking", "tool-denied", "tools-parallel"])
  func agreement(name: String) throws {
    let lines = Recording("cli-2.1.329/\(name)").lines
    let stream = EncoderStage.text(of: lines, ChatCompletionEncoder(Self.identity, includesUsage: false))
    let deltas = stream.split(separator: "\n\n").dropLast().compactMap { frame in
      (try? JSONValue(parsing: String(frame.dropFirst(6))))?["choices"]?.array?.first?["delta"]
    }
    let message = try JSONValue(parsing: try response(lines))["choices"]?.array?.first?["message"]
    #expect(deltas.compactMap { $0["content"]?.string }.joined() == message?["content"]?.string)
    #expect(
      deltas.compactMap { $0["reasoning_content"]?.string }.joined() == message?["reasoning_content"]?.string ?? "")
  }

  @Test("a question of the CLI is a call, in an answer without words")
  func approval() throws {
    let request: JSONValue = ["tool_name": "Bash", "input": ["command": "echo \"é\""]]
    let question = try #require(PermissionQuestion(request, requestID: "r1"))
    var answer = CollectedAnswer()
    answer.add(ChatToolCall(question))
    let run = CollectedRun(answer: answer, stopReason: "tool_use", usage: TokenUsage(), result: nil)
    let response = try ChatCompletionResponse(Self.identity, run)
    #expect(String(decoding: response.encoded, as: UTF8.self) == Recording.golden("whole-approval", "json"))
  }
}
