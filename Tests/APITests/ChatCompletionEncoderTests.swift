import Bytes
import HTTP
import HTTPServer
import TestSupport
import Testing

@testable import API
@testable import Turns
@testable import ClaudeCode

struct ChatCompletionEncoderTests {
  private static let identity = ChatCompletionIdentity(id: "chatcmpl-1", created: 1_795_235_530, model: "claude-code")

  private static func encoder(usage: Bool = false, head: String = "") -> ChatCompletionEncoder {
    ChatCompletionEncoder(identity, includesUsage: usage, head: head)
  }

  // MARK: Golden

  private static let recordings = [
    "cut-midstream", "error-event-midstream", "interrupt", "max-tokens", "refusal", "retry-429", "surrogates", "text",
    "thinking", "tool-allowed", "tool-denied", "tools-parallel",
  ]

  @Test("recorded lines become exactly these bytes", arguments: recordings)
  func golden(name: String) {
    let text = EncoderStage.text(of: Recording("cli-2.1.329/\(name)").lines, Self.encoder())
    #expect(text == Recording.golden("chat-\(name)"))
  }

  @Test("with usage, and with the session at the head")
  func goldenVariants() {
    let lines = Recording("cli-2.1.329/thinking").lines
    #expect(EncoderStage.text(of: lines, Self.encoder(usage: true)) == Recording.golden("chat-thinking-usage"))
    let head = "session-id=11111111-2222-4333-8444-555555555555\n\n"
    #expect(
      EncoderStage.text(of: Recording("samples/plain").lines, Self.encoder(head: head))
        == Recording.golden("chat-plain-head"))
  }

  @Test(
    "a recorded failure is no stream at all, but an HTTP status",
    arguments: [("error-401", 401), ("unknown-resume", 404)])
  func recordedFailures(name: String, status: Int) throws {
    var stage = EncoderStage(Self.encoder())
    for line in Recording("cli-2.1.329/\(name)").lines { stage.take(line.span) }
    #expect(stage.text.isEmpty)
    #expect(!stage.hasContent)
    let failure = try #require(stage.failure)
    #expect(HTTPError(failure).status.rawValue == status)
  }

  // MARK: Rules that hold for every stream

  @Test("every stream keeps OpenAI's rules", arguments: recordings, [true, false])
  func rules(name: String, usage: Bool) throws {
    let text = EncoderStage.text(of: Recording("cli-2.1.329/\(name)").lines, Self.encoder(usage: usage))
    let frames = text.split(separator: "\n\n", omittingEmptySubsequences: false).map(String.init)
    #expect(frames.last == "")
    #expect(frames.allSatisfy { $0.isEmpty || $0.hasPrefix("data: ") })
    #expect(frames.dropLast().last == "data: [DONE]")
    #expect(text.ranges(of: "[DONE]").count == 1)
    let chunks = try frames.dropLast(2).map { try JSONValue(parsing: String($0.dropFirst(6))) }
    let isFailed = name == "interrupt"
    let completion = isFailed ? chunks.dropLast() : chunks[...]
    #expect(completion.allSatisfy { $0["id"] == "chatcmpl-1" && $0["created"] == 1_795_235_530 })
    #expect(completion.allSatisfy { $0["model"] == "claude-code" && $0["object"] == "chat.completion.chunk" })
    #expect(completion.allSatisfy { $0["choices"]?.array != nil })
    let deltas = completion.compactMap { $0["choices"]?.array?.first?["delta"] }
    #expect(deltas.first == ["role": "assistant", "content": ""])
    #expect(deltas.filter { $0["role"] != nil }.count == 1)
    let reasons = completion.compactMap { $0["choices"]?.array?.first?["finish_reason"]?.string }
    #expect(reasons == (isFailed ? [] : ["stop"]))
    #expect(deltas.last == (isFailed ? deltas.last : [:]))
    let withUsage = completion.filter { $0["usage"].map { !$0.isNull } ?? false }
    #expect(withUsage.count == (usage && !isFailed ? 1 : 0))
    #expect(completion.filter { $0["usage"] == nil }.isEmpty == usage)
    if usage && !isFailed { #expect(completion.last?["choices"] == []) }
    #expect((chunks.last?["error"] != nil) == isFailed)
  }

  // MARK: Splits

  private static let short =
    [CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("é\\n"), CLILine.textStart]
    + [CLILine.text("a\\\"😀"), CLILine.text("\\ud83d"), CLILine.text("\\ude00 日本")]
    + [CLILine.messageDelta("end_turn"), CLILine.result("x")]

  @Test("the same bytes come out wherever the child's output is cut in two")
  func everySplit() {
    let input = Array(Self.short.map { $0 + "\r\n" }.joined().utf8)
    let expected = EncoderStage.text(of: Self.short.map { Array($0.utf8) }, Self.encoder(usage: true))
    #expect(expected.contains(#"{"content":"a\"😀"}"#))
    for cut in 0...input.count {
      #expect(streamed([input[..<cut], input[cut...]], Self.encoder(usage: true)) == expected, "cut at \(cut)")
    }
  }

  @Test("and however a long one is cut", arguments: recordings, UInt64(1)...3)
  func randomSplits(name: String, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let lines = Recording("cli-2.1.329/\(name)").lines
    let input = lines.flatMap { $0 + [Ascii.lineFeed] }
    var cuts = (0..<40).map { _ in Int.random(in: 0...input.count, using: &generator) }.sorted()
    cuts = [0] + cuts + [input.count]
    let chunks = zip(cuts, cuts.dropFirst()).map { input[$0..<$1] }
    #expect(streamed(chunks, Self.encoder()) == Recording.golden("chat-\(name)"))
  }

  private func streamed(_ chunks: [ArraySlice<UInt8>], _ encoder: ChatCompletionEncoder) -> String {
    var stage = EncoderStage(encoder)
    var framer = LineFramer()
    for chunk in chunks { framer.push(Array(chunk).span) { stage.take($0) } }
    framer.finish { stage.take($0) }
    return stage.text
  }

  // MARK: Endings

  private func stage(_ lines: [String], usage: Bool = false) -> EncoderStage<ChatCompletionEncoder> {
    var stage = EncoderStage(Self.encoder(usage: usage))
    for line in lines { stage.take(Array(line.utf8).span) }
    return stage
  }

  @Test("a failure after content is an error frame and the end, with no finish reason")
  func lateFailure() {
    var stage = stage(CLILine.cut("m", "a"))
    stage.fail(ClaudeError(.inactivityTimeout, "silence", reachedCLI: true))
    #expect(
      stage.text.hasSuffix(
        #"data: {"error":{"message":"silence","type":"timeout_error","param":null,"code":"timeout"}}"#
          + "\n\ndata: [DONE]\n\n"))
    #expect(!stage.text.contains(#""finish_reason":""#))
    #expect(stage.failure == nil)
  }

  @Test("an answer that the upstream changed in the middle is a failure")
  func diverged() {
    let stage = stage(CLILine.cut("m1", "a b") + CLILine.message("m2", "a c") + [CLILine.result("a c")])
    #expect(stage.text.contains(#""code":"upstream_diverged""#))
    #expect(stage.text.hasSuffix("data: [DONE]\n\n"))
    #expect(!stage.text.contains(#""finish_reason":""#))
  }

  @Test("a turn limit cuts an answer that has begun, and is an error where none has")
  func maxTurns() {
    let limit = CLILine.result("", subtype: "error_max_turns", isError: true)
    #expect(stage(CLILine.message("m", "a", stop: "tool_use") + [limit]).text.contains(#""finish_reason":"length""#))
    #expect(stage([CLILine.initLine, limit]).failure?.kind == .maxTurns)
  }

  @Test("an empty success is an error; one with a turn in it is an empty answer")
  func empty() {
    #expect(stage([CLILine.initLine, CLILine.result("", turns: 0)]).failure?.kind == .empty)
    let text = stage([CLILine.initLine, CLILine.result("", turns: 1)]).text
    #expect(text.ranges(of: "data: ").count == 3)
    #expect(text.contains(#""finish_reason":"stop""#))
    #expect(stage([CLILine.result("said without a turn", turns: 0)]).text.contains("said without a turn"))
  }

  @Test("the answer is remembered without its head and without thinking")
  func answer() throws {
    var encoder = Self.encoder(head: "session-id=x\n\n")
    var output = ByteBuffer()
    for line in ["é\\n\\ud83d\\ude00"].flatMap({ CLILine.message("m", $0) }) {
      let bytes = Array(line.utf8)
      let message = StreamMessage(scanning: bytes.span)
      if let message { try encoder.encode(message, bytes.span, to: &output) }
    }
    #expect(encoder.message.text == "é\n😀")
  }

  @Test("whatever a model's name holds stays inside its string")
  func modelName() throws {
    let identity = ChatCompletionIdentity(id: "c", created: 1, model: "a\"\n\\é")
    let text = EncoderStage.text(
      of: (CLILine.message("m", "x") + [CLILine.result()]).map { Array($0.utf8) },
      ChatCompletionEncoder(identity, includesUsage: false))
    let first = try JSONValue(parsing: String(text.split(separator: "\n\n")[0].dropFirst(6)))
    #expect(first["model"] == "a\"\n\\é")
  }

  // MARK: Approvals

  @Test("a question of the CLI is a call, and ends the answer")
  func approval() throws {
    let request: JSONValue = ["tool_name": "Bash", "input": ["command": "echo \"é\""]]
    let question = try #require(PermissionQuestion(request, requestID: "r1"))
    var encoder = Self.encoder(usage: true)
    var output = ByteBuffer()
    encoder.encode(question, to: &output)
    #expect(encoder.hasContent)
    encoder.closeParked(to: &output)
    #expect(String(decoding: output.bytes, as: UTF8.self) == Recording.golden("chat-approval"))
    #expect(
      encoder.message.calls == [
        ChatToolCall(
          id: "approve_r1", name: "approve_tool_use",
          arguments: #"{"tool_name":"Bash","input":{"command":"echo \"é\""}}"#)
      ])
  }
}
