import Bytes
import ClaudeCode
import TestSupport
import Testing

@testable import API
@testable import Turns

/// Recorded turns with functions of the client, as the client sees them: an answer of calls, then the rest.
struct ChatCompletionCallsTests {
  private static let recordings = ["after-text", "beside-bash", "empty", "one", "parallel"]
  private static let form = AnswerForm.structured(schema: [:])
  private static let call = AnswerForm.call([FunctionDeclaration(name: "get_weather")], id: "call_1")

  private static func lines(_ name: String) -> [[UInt8]] { Recording("cli-2.1.329/functions-\(name)").lines }

  private func streamed(_ chunks: [ArraySlice<UInt8>], _ stage: ParkingStage = ParkingStage()) -> String {
    var stage = stage
    var framer = LineFramer()
    for chunk in chunks { framer.push(Array(chunk).span) { stage.take($0) } }
    framer.finish { stage.take($0) }
    return stage.text
  }

  private func streamed(_ name: String, _ stage: ParkingStage = ParkingStage()) -> String {
    streamed([ArraySlice(Self.lines(name).flatMap { $0 + [Ascii.lineFeed] })], stage)
  }

  @Test("recorded lines become exactly these bytes", arguments: recordings)
  func golden(name: String) {
    #expect(streamed(name) == Recording.golden("chat-functions-\(name)"))
  }

  @Test("and these documents", arguments: recordings)
  func documents(name: String) throws {
    #expect(try ParkingStage.documents(of: Self.lines(name)) == Recording.golden("whole-functions-\(name)", "json"))
  }

  @Test("with usage: each answer has that of its own messages")
  func usage() {
    #expect(
      streamed("parallel", ParkingStage(includesUsage: true)) == Recording.golden("chat-functions-parallel-usage"))
  }

  @Test("a structured answer is the result's, whatever the model said besides; a forced call is a call")
  func structured() throws {
    let lines = Self.lines("structured")
    #expect(streamed("structured", ParkingStage(form: Self.form)) == Recording.golden("chat-functions-structured"))
    #expect(streamed("structured", ParkingStage(form: Self.call)) == Recording.golden("chat-functions-forced"))
    #expect(
      try ParkingStage.documents(of: lines, form: Self.form) == Recording.golden("whole-functions-structured", "json"))
    #expect(
      try ParkingStage.documents(of: lines, form: Self.call) == Recording.golden("whole-functions-forced", "json"))
  }

  @Test("an answer without the form that was asked for is a failure", arguments: [form, call])
  func unstructured(form: AnswerForm) {
    var stage = EncoderStage(
      ChatCompletionEncoder(
        ChatCompletionIdentity(id: "c", created: 1, model: "m"), includesUsage: false, form: form))
    for line in Recording("cli-2.1.329/text").lines { stage.take(line.span) }
    #expect(stage.failure == .unstructured)
    #expect(stage.text.isEmpty)
    #expect(throws: ClaudeError.unstructured) {
      _ = try ParkingStage.documents(of: Recording("cli-2.1.329/text").lines, form: form)
    }
  }

  @Test(
    "an answer cut in its calls ends in an error, and in nothing that looks like an end of its own",
    arguments: ["cut-in-call", "cut-after-call"])
  func cut(name: String) {
    let text = streamed(name)
    #expect(text.contains(#""code":"upstream_diverged""#))
    #expect(text.hasSuffix("data: [DONE]\n\n"))
    #expect(text.ranges(of: "[DONE]").count == 1)
    #expect(!text.contains(#""finish_reason":""#))
  }

  @Test("an interrupted turn has had its answer before")
  func interrupted() {
    var stage = ParkingStage()
    for line in Self.lines("interrupted") { stage.take(line.span) }
    #expect(stage.parks == 1)
    let answers = stage.text.split(separator: "data: [DONE]\n\n")
    #expect(answers.count == 2)
    #expect(answers.first?.contains(#""finish_reason":"tool_calls""#) == true)
    #expect(answers.last?.contains(#""error":{"#) == true)
  }

  @Test("every answer keeps OpenAI's rules", arguments: recordings)
  func rules(name: String) throws {
    let answers = streamed(name).split(separator: "data: [DONE]\n\n")
    var reasons: [String] = []
    for answer in answers {
      let chunks = try answer.split(separator: "\n\n").map { try JSONValue(parsing: String($0.dropFirst(6))) }
      let choices = chunks.compactMap { $0["choices"]?.array?.first }
      #expect(choices.count == chunks.count)
      #expect(choices.first?["delta"] == ["role": "assistant", "content": ""])
      #expect(choices.count { $0["delta"]?["role"] != nil } == 1)
      reasons += choices.compactMap { $0["finish_reason"]?.string }
      let calls = choices.compactMap { $0["delta"]?["tool_calls"]?.array?.first }
      #expect(calls.allSatisfy { $0["index"]?.int != nil && $0["function"]?["arguments"]?.string != nil })
      // Named once each, in order.
      #expect(
        calls.filter { $0["id"] != nil }.compactMap { $0["index"]?.int }
          == Array(0..<Set(calls.map { $0["index"]?.int }).count))
      #expect(calls.allSatisfy { ($0["id"] == nil) == ($0["function"]?["name"] == nil) })
      #expect(calls.allSatisfy { ($0["id"] == nil) == ($0["type"] == nil) })
    }
    #expect(reasons == ["tool_calls", "stop"])
  }

  @Test("the same bytes come out wherever the child's output is cut in two")
  func everySplit() {
    let short =
      [CLILine.messageStart("m"), CLILine.textStart, CLILine.text("a")]
      + [CLILine.callStart("c"), CLILine.input(#"{\"a\":\"é\ud83d"#), CLILine.input(#"\ude00\"}"#)]
      + [CLILine.assistant("m", CLILine.toolBlock("c", "mcp__client__f")), CLILine.blockStop]
      + CLILine.callBlock("m", "d") + [CLILine.messageDelta("tool_use"), CLILine.messageStop]
      + CLILine.message("n", "b") + [CLILine.result("b")]
    let input = Array(short.map { $0 + "\n" }.joined().utf8)
    let expected = streamed([input[...]])
    #expect(expected.contains(#"{"arguments":"\ud83d\ude00\"}"}"#))
    for cut in 0...input.count { #expect(streamed([input[..<cut], input[cut...]]) == expected, "cut at \(cut)") }
  }

  @Test("and however a recorded one is cut", arguments: recordings, UInt64(1)...3)
  func randomSplits(name: String, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let input = Self.lines(name).flatMap { $0 + [Ascii.lineFeed] }
    let cuts = (0..<40).map { _ in Int.random(in: 0...input.count, using: &generator) }.sorted()
    let chunks = zip([0] + cuts, cuts + [input.count]).map { input[$0..<$1] }
    #expect(streamed(chunks) == Recording.golden("chat-functions-\(name)"))
  }
}
