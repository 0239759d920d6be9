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

/// Recorded turns with functions of the client, as the client sees them: an answer of calls, then the rest.
struct ChatCompletionCallsTests {
  private static let recordings = ["after-text", "beside-bash", "empty", "one", "parallel"]
  private static let form = AnswerForm.structured(schema: [:])
  private static let call = AnswerForm.call([FunctionDeclaration(name: "get_weather")], id: "call_1")

  @Test("recorded turns match the golden streams and documents", arguments: recordings)
  func golden(name: String) {
    let harness = ChatCompletionHarness().taking("functions-\(name)")
    #expect(harness.text == Recording.golden("chat-functions-\(name)"))
    #expect(harness.documents == Recording.golden("whole-functions-\(name)", "json"))
  }

  @Test("each answer has the usage of its own messages only")
  func usage() {
    #expect(
      ChatCompletionHarness(includesUsage: true).taking("functions-parallel").text
        == Recording.golden("chat-functions-parallel-usage"))
  }

  @Test("a structured answer comes from the result, and a forced call is a call", arguments: ["structured", "forced"])
  func structured(kind: String) {
    let plan = AnswerPlan(form: kind == "structured" ? Self.form : Self.call)
    let harness = ChatCompletionHarness(plan).taking("functions-structured")
    #expect(harness.text == Recording.golden("chat-functions-\(kind)"))
    #expect(harness.documents == Recording.golden("whole-functions-\(kind)", "json"))
  }

  @Test("an answer without the requested form is a failure", arguments: [form, call])
  func unstructured(form: AnswerForm) {
    let harness = ChatCompletionHarness(AnswerPlan(form: form)).taking("text")
    #expect(harness.failure == .unstructured)
    #expect(harness.text.isEmpty)
  }

  @Test(
    "an answer cut inside a call ends with an error and no ordinary end",
    arguments: ["cut-in-call", "cut-after-call"])
  func cut(name: String) {
    let text = ChatCompletionHarness().taking("functions-\(name)").text
    #expect(text.contains(#""code":"upstream_diverged""#))
    #expect(text.hasSuffix("data: [DONE]\n\n"))
    #expect(text.ranges(of: "[DONE]").count == 1)
    #expect(!text.contains(#""finish_reason":""#))
  }

  @Test("an interrupted turn keeps the answer it had")
  func interrupted() {
    let harness = ChatCompletionHarness().taking("functions-interrupted")
    #expect(harness.parked.count == 1)
    let answers = harness.text.split(separator: "data: [DONE]\n\n")
    #expect(answers.count == 2)
    #expect(answers.first?.contains(#""finish_reason":"tool_calls""#) == true)
    #expect(answers.last?.contains(#""error":{"#) == true)
  }
}
