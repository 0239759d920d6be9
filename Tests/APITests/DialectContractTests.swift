import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

/// Chat completions, Messages and Responses keep the same contract.
struct DialectContractTests {
  /// Recorded turns that end well, with the text of the answer and the client's functions that are called.
  private static let turns: [(name: String, text: String, calls: [String])] = [
    ("cut-midstream", "w0 w1 w2 w3 w4 w5 ", []), ("error-event-midstream", "w0 w1 w2 w3 w4 w5 ", []),
    ("max-tokens", "w0 w1 w2 w3 and so on", []), ("refusal", "w0 w1 w2 w3 and so on", []),
    ("retry-429", "w0 w1 w2 ", []), ("surrogates", "party 🎉 done ", []), ("text", "w0 w1 w2 w3 ", []),
    ("thinking", "w0 w1 w2 ", []), ("tool-allowed", "The tool said: hello from the tool", []),
    ("tool-denied", "The tool said: The user said no.", []),
    ("tools-parallel", "p0 p1 \n\nThe tool said: part 1\npart 0", []),
    ("functions-after-text", "p0 p1 w0 w1 ", ["get_weather"]), ("functions-beside-bash", "w0 ", ["get_weather"]),
    ("functions-empty", "w0 ", ["get_weather"]), ("functions-one", "w0 w1 w2 ", ["get_weather"]),
    ("functions-parallel", "w0 w1 ", ["get_weather", "get_weather", "get_weather"]),
  ]

  @Test(
    "every part is sent once, in the dialect's order, and remembered the same", arguments: Dialect.all, turns.indices)
  func completeness(dialect: Dialect, turn: Int) {
    let (name, text, calls) = Self.turns[turn]
    let lines = Recording("cli-2.1.329/\(name)").lines
    #expect(DialectContract(dialect).completeness(of: lines, text: text, calls: calls) == [])
  }

  private static let short =
    [CLILine.messageStart("m"), CLILine.thinkingStart, CLILine.thinking("é\\n"), CLILine.textStart]
    + [CLILine.text("a\\\"😀"), CLILine.text("\\ud83d"), CLILine.text("\\ude00 日本")]
    + [CLILine.callStart("c"), CLILine.input(#"{\"a\":\"é\ud83d"#), CLILine.input(#"\ude00\"}"#)]
    + [CLILine.assistant("m", CLILine.toolBlock("c", "mcp__client__f")), CLILine.blockStop]
    + [CLILine.messageDelta("tool_use"), CLILine.messageStop] + CLILine.message("n", "b") + [CLILine.result("b")]

  @Test("a short stream survives any split", arguments: Dialect.all, ["\n", "\r\n"])
  func everySplit(dialect: Dialect, lineEnd: String) {
    let input = Array(Self.short.map { $0 + lineEnd }.joined().utf8)
    #expect(DialectContract(dialect).splits(of: input, atEveryByte: true, seed: 1) == [])
  }

  @Test("long streams survive any split", arguments: Dialect.all, Recording.cli + Recording.functions)
  func randomSplits(dialect: Dialect, recording: Recording) {
    let input = recording.lines.flatMap { $0 + [Ascii.lineFeed] }
    for seed in UInt64(1)...3 {
      #expect(DialectContract(dialect).splits(of: input, atEveryByte: false, seed: seed) == [])
    }
  }

  @Test("text ends before a stop sequence", arguments: Dialect.all)
  func stopSequences(dialect: Dialect) { #expect(DialectContract(dialect).stopSequences() == []) }

  @Test("calls end the answer, and the next answer has the rest", arguments: Dialect.all)
  func parking(dialect: Dialect) { #expect(DialectContract(dialect).parking() == []) }

  @Test("a permission request is sent as a call", arguments: Dialect.all)
  func approval(dialect: Dialect) { #expect(DialectContract(dialect).approval() == []) }

  @Test("a failure ends a started stream and prevents one that has not started", arguments: Dialect.all)
  func errors(dialect: Dialect) { #expect(DialectContract(dialect).errors() == []) }

  @Test("results without an answer are errors", arguments: Dialect.all)
  func results(dialect: Dialect) { #expect(DialectContract(dialect).results() == []) }
}
