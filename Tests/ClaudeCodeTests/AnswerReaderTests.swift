import Bytes
import TestSupport
import Testing

@testable import ClaudeCode

/// Recorded turns of the real CLI.
struct AnswerReaderRecordingTests {
  @Test(
    "recorded turns are read whole, without loss or repetition",
    arguments: [
      ("cli-2.1.329/text", [.text("w0 w1 w2 w3 ")]),
      ("cli-2.1.329/thinking", [.thinking("t0 t1 t2 "), .text("w0 w1 w2 ")]),
      (
        "cli-2.1.329/tool-allowed",
        [
          .tool("Bash", #"{"command":"echo hello from the tool","description":"Say hello"}"#),
          .text("The tool said: hello from the tool"),
        ]
      ),
      (
        "cli-2.1.329/tool-denied",
        [
          .tool("Bash", #"{"command":"touch /srv/work/denied","description":"Make a file"}"#),
          .failure("The user said no."), .text("The tool said: The user said no."),
        ]
      ),
      (
        "cli-2.1.329/tools-parallel",
        [
          .text("p0 p1 "), .tool("Bash", #"{"command":"echo part 0","description":"Say part 0"}"#),
          .tool("Bash", #"{"command":"echo part 1","description":"Say part 1"}"#),
          .text("\n\nThe tool said: part 1\npart 0"),
        ]
      ),
      (
        "cli-2.1.329/functions-one",
        [
          .call(id: "toolu_01TyAh2rjZpgXLAhjy6Tt1Re", name: "get_weather", arguments: #"{"city":"Bonn"}"#),
          .text("w0 w1 w2 "),
        ]
      ),
      (
        "cli-2.1.329/functions-parallel",
        [
          .call(id: "toolu_01nrunhSXb5nuiArkcqSpPkH", name: "get_weather", arguments: #"{"n":0,"city":"Bonn"}"#),
          .call(id: "toolu_012Maj3CbLy3ZB4afw8CKKjV", name: "get_weather", arguments: #"{"n":1,"city":"Bonn"}"#),
          .call(id: "toolu_01VxRqKRCH6z7yQCpy4x7C5a", name: "get_weather", arguments: #"{"n":2,"city":"Bonn"}"#),
          .text("w0 w1 "),
        ]
      ),
      (
        "cli-2.1.329/functions-after-text",
        [
          .text("p0 p1 "),
          .call(id: "toolu_01bGXcuC2EPvj1i3fQkPAEkC", name: "get_weather", arguments: #"{"city":"Bonn"}"#),
          .text("\n\nw0 w1 "),
        ]
      ),
      (
        "cli-2.1.329/functions-empty",
        [.call(id: "toolu_01hTuCmsG44s6hDheD4TZqo8", name: "get_weather", arguments: "{}"), .text("w0 ")]
      ),
      (
        "cli-2.1.329/functions-beside-bash",
        [
          .tool("Bash", #"{"command":"echo hello","description":"Say hello"}"#),
          .call(id: "toolu_01Call", name: "get_weather", arguments: #"{"city": "Bonn"}"#), .text("w0 "),
        ]
      ),
      ("cli-2.1.329/functions-structured", [.text("p0 p1 ")]),
      ("cli-2.1.329/max-tokens", [.text("w0 w1 w2 w3 and so on")]),
      ("cli-2.1.329/refusal", [.text("w0 w1 w2 w3 and so on")]),
      ("cli-2.1.329/cut-midstream", [.text("w0 w1 w2 w3 w4 w5 ")]),
      ("cli-2.1.329/error-event-midstream", [.text("w0 w1 w2 w3 w4 w5 ")]),
      ("cli-2.1.329/surrogates", [.text("party 🎉 done ")]),
      ("cli-2.1.329/retry-429", [.text("w0 w1 w2 ")]),
      ("samples/partial", [.text("w0 w1 w2 ")]),
      ("samples/plain", [.text("w0 w1 w2 ")]),
    ] as [(String, [AnswerTranscript.Entry])])
  func turns(name: String, expected: [AnswerTranscript.Entry]) throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    try reader.read(Recording(name).lines, into: &transcript)
    #expect(transcript.entries == expected)
    #expect(transcript.badPieces.isEmpty)
  }

  @Test("the answer read from deltas equals the upstream's final message", arguments: Recording.all)
  func againstWholeBlocks(recording: Recording) throws {
    let turns = turns(of: recording.lines)
    #expect(!turns.isEmpty)
    for turn in turns {
      var transcript = AnswerTranscript()
      var reader = AnswerReader()
      // The interrupted turn ends in an error that the encoder sees first.
      try reader.read(turn, into: &transcript, finishes: false)
      #expect(transcript.text == wholeText(turn))
      #expect(transcript.badPieces.isEmpty)
    }
  }

  @Test(
    "each turn of a process has a reader of its own", arguments: [("cli-2.1.329/two-turns", ["w0 w1 ", "w0 w1 w2 "])])
  func twoTurns(name: String, expected: [String]) throws {
    var told: [String] = []
    for turn in turns(of: Recording(name).lines) {
      var transcript = AnswerTranscript()
      var reader = AnswerReader()
      try reader.read(turn, into: &transcript)
      told.append(transcript.text)
    }
    #expect(told == expected)
  }

  @Test("an upstream error message is not part of the answer", arguments: ["error-401", "unknown-resume"])
  func failures(name: String) throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    try reader.read(Recording("cli-2.1.329/\(name)").lines, into: &transcript, finishes: false)
    #expect(transcript.entries.isEmpty)
    #expect(!reader.hasText)
  }

  @Test(
    "the last stop reason and the model are available after reading",
    arguments: [("text", "end_turn"), ("max-tokens", "end_turn"), ("tool-allowed", "end_turn")])
  func endings(name: String, reason: String) throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    try reader.read(Recording("cli-2.1.329/\(name)").lines, into: &transcript)
    #expect(reader.stopReason == reason)
    #expect(reader.model == "claude-opus-5-5")
    #expect(reader.hasText)
  }

  @Test("usage is counted per message", arguments: [("text", 10, 4), ("functions-parallel", 20, 14)])
  func usage(name: String, input: Int, output: Int) throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    let lines = Recording("cli-2.1.329/\(name)").lines
    try reader.read(lines, into: &transcript)
    #expect(reader.usage.input == input && reader.usage.output == output)
    #expect(reader.usage == lines.last.flatMap { TurnResult($0.span)?.usage })
  }

  @Test(
    "an answer cut inside a function call fails, because the call cannot be withdrawn",
    arguments: [("cut-in-call", "{\"n\":0,\"city\":"), ("cut-after-call", "{\"n\":0,\"city\":\"Bonn\"}")])
  func cutCalls(name: String, arguments: String) throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    let error = #expect(throws: ClaudeError.self) {
      try reader.read(Recording("cli-2.1.329/functions-\(name)").lines, into: &transcript)
    }
    #expect(error?.kind == .diverged)
    guard case .call(_, let name, let pieces) = try #require(transcript.entries.first) else {
      Issue.record("the first entry is no call: \(transcript.entries)")
      return
    }
    #expect(name == "get_weather")
    #expect(pieces == arguments)
  }

  private func turns(of lines: [[UInt8]]) -> [[[UInt8]]] {
    var turns: [[[UInt8]]] = [[]]
    for line in lines {
      turns[turns.count - 1].append(line)
      if TurnResult(line.span) != nil { turns.append([]) }
    }
    return turns.filter { !$0.isEmpty }
  }

  /// The text of the finished blocks, with a blank line where tools were used in between.
  private func wholeText(_ turn: [[UInt8]]) -> String {
    var text = ""
    var usedTool = false
    for line in turn {
      guard let message = (try? JSONValue(parsing: line))?["message"], message["model"]?.string != "<synthetic>" else {
        continue
      }
      for block in message["content"]?.array ?? [] where message["role"] == "assistant" {
        if block["type"] == "tool_use" { usedTool = !text.isEmpty }
        guard block["type"] == "text" else { continue }
        text += (usedTool ? "\n\n" : "") + (block["text"]?.string ?? "")
        usedTool = false
      }
    }
    return text
  }
}

/// Answers that were never recorded, made by hand.
struct AnswerReaderTests {
  private typealias Line = CLILine

  struct Answer: Sendable, CustomTestStringConvertible {
    let name: String
    let lines: [String]
    let expected: [AnswerTranscript.Entry]

    var testDescription: String { name }

    init(_ name: String, _ lines: [String], _ expected: AnswerTranscript.Entry...) {
      self.name = name
      self.lines = lines
      self.expected = expected
    }
  }

  @Test(
    "an interrupted and repeated answer is delivered once and whole",
    arguments: cuts + repairs + wholes + tools + calls + strangers + escapes)
  func told(answer: Answer) throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    try reader.read(answer.lines.map { Array($0.utf8) }, into: &transcript)
    #expect(transcript.entries == answer.expected)
    #expect(transcript.badPieces.isEmpty)
  }

  private static let cuts = [
    Answer(
      "cut before anything was told", Line.cut("m1") + Line.message("m2", "a ", "b") + [Line.result("a b")],
      .text("a b")),
    Answer(
      "cut, then the same", Line.cut("m1", "a ", "b ") + Line.message("m2", "a ", "b ", "c") + [Line.result("a b c")],
      .text("a b c")),
    Answer(
      "cut, then the same in other pieces",
      Line.cut("m1", "a ", "b ") + Line.message("m2", "a", " b", " c", " d") + [Line.result("a b c d")],
      .text("a b c d")),
    Answer(
      "cut after all of it", Line.cut("m1", "a ", "b") + Line.message("m2", "a ", "b") + [Line.result("a b")],
      .text("a b")),
    Answer(
      "cut twice, the second time earlier",
      Line.cut("m1", "a ", "b ", "c ") + Line.cut("m2", "a ") + Line.message("m3", "a ", "b ", "c ", "d")
        + [Line.result("a b c d")],
      .text("a b c d")),
    Answer(
      "cut twice, the second time later",
      Line.cut("m1", "a ") + Line.cut("m2", "a ", "b ") + Line.message("m3", "a ", "b ", "c") + [Line.result("a b c")],
      .text("a b c")),
    Answer(
      "cut twice, the second time before anything",
      Line.cut("m1", "a ") + Line.cut("m2") + Line.message("m3", "a ", "b") + [Line.result("a b")], .text("a b")),
    Answer(
      "cut in its second message",
      Line.message("m1", "a ", stop: "max_tokens") + Line.cut("m2", "b ") + Line.message("m3", "b ", "c")
        + [Line.result("b c")],
      .text("a b c")),
    Answer(
      "cut in thinking",
      [Line.messageStart("m1"), Line.thinkingStart, Line.thinking("t0 "), Line.messageStop]
        + [Line.messageStart("m2"), Line.thinkingStart, Line.thinking("t0 "), Line.thinking("t1")]
        + [Line.assistant("m2", Line.thinkingBlock("t0 t1")), Line.blockStop, Line.textStart, Line.text("a")]
        + [Line.assistant("m2", Line.textBlock("a")), Line.messageDelta("end_turn"), Line.result("a")],
      .thinking("t0 \nt0 t1"), .text("a")),
    Answer(
      "cut inside a character of two halves",
      Line.cut("m1", "a", #"\ud83c"#) + Line.message("m2", "a", #"\ud83c"#, #"\udf89"#, "b")
        + [Line.result(#"a\ud83c\udf89b"#)],
      .text("a🎉b")),
    Answer(
      "cut after halves that are one piece the second time",
      Line.cut("m1", #"\ud83c"#, #"\udf89"#, "b") + Line.message("m2", "🎉b c") + [Line.result("🎉b c")],
      .text("🎉b c")),
  ]

  private static let repairs = [
    Answer(
      "repaired silently under a new id",
      Line.cut("m1", "a ", "b ") + [Line.assistant("m2", Line.textBlock("a b c"), stop: "end_turn")]
        + [Line.result("a b c")],
      .text("a b c")),
    Answer(
      "repaired silently under the same id",
      Line.cut("m1", "a ", "b ") + [Line.assistant("m1", Line.textBlock("a b c"), stop: "end_turn")]
        + [Line.result("a b c")],
      .text("a b c")),
    Answer(
      "repaired before anything was told",
      Line.cut("m1") + [Line.assistant("m2", Line.textBlock("a b c"), stop: "end_turn"), Line.result("a b c")],
      .text("a b c")),
    Answer(
      "repaired after halves that were told",
      Line.cut("m1", #"\ud83c"#, #"\udf89 "#)
        + [Line.assistant("m2", Line.textBlock("🎉 b"), stop: "end_turn"), Line.result("🎉 b")],
      .text("🎉 b")),
    Answer(
      "repaired after escapes that have another form",
      Line.cut("m1", #"\b\f\/\u00e9 "#)
        + [Line.assistant("m2", Line.textBlock(#"\b\f/é b"#), stop: "end_turn"), Line.result("b")],
      .text("\u{8}\u{C}/é b")),
    Answer(
      "the whole block has more than the deltas",
      [Line.messageStart("m1"), Line.textStart, Line.text("a "), Line.assistant("m1", Line.textBlock("a b"))]
        + [Line.blockStop, Line.messageDelta("end_turn"), Line.messageStop, Line.result("a b")],
      .text("a b")),
    Answer(
      "repaired with thinking and text",
      [Line.messageStart("m1"), Line.thinkingStart, Line.thinking("t0 "), Line.messageStop]
        + [Line.assistant("m2", Line.thinkingBlock("t0 t1"), stop: "end_turn")]
        + [Line.assistant("m2", Line.textBlock("a"), stop: "end_turn"), Line.result("a")],
      .thinking("t0 \nt0 t1"), .text("a")),
  ]

  private static let wholes = [
    Answer("whole block only", [Line.assistant("m1", Line.textBlock("a b")), Line.result("a b")], .text("a b")),
    Answer(
      "whole blocks of several messages",
      [Line.assistant("m1", Line.textBlock("a")), Line.assistant("m1", Line.toolBlock("t1"))]
        + [Line.toolResult("\"ok\"", isError: false), Line.assistant("m2", Line.textBlock("b"))] + [Line.result("b")],
      .text("a"), .tool("Bash", "{}"), .text("\n\nb")),
    Answer(
      "several blocks in one line",
      [
        Line.assistant(
          "m1", Line.thinkingBlock("t"), Line.textBlock("a"), Line.textBlock("b"), stop: "end_turn"),
        Line.result("ab"),
      ],
      .thinking("t"), .text("ab")),
    Answer("the result only", [Line.initLine, Line.result(#"Unknown command: \/x"#)], .text("Unknown command: /x")),
    Answer("two text blocks in one message", twoBlocks, .text("ab")),
    Answer(
      "text without its whole block",
      [Line.messageStart("m1"), Line.textStart, Line.text("a"), Line.messageDelta("end_turn"), Line.result("a")],
      .text("a")),
  ]

  private static let twoBlocks =
    [Line.messageStart("m1"), Line.textStart, Line.text("a"), Line.assistant("m1", Line.textBlock("a"))]
    + [Line.blockStop, Line.textStart, Line.text("b"), Line.assistant("m1", Line.textBlock("b"))]
    + [Line.blockStop, Line.messageDelta("end_turn"), Line.messageStop, Line.result("b")]

  private static func toolMessage(_ id: String, _ tool: String) -> [String] {
    [Line.messageStart(id), Line.toolStart, Line.assistant(id, Line.toolBlock(tool)), Line.blockStop]
      + [Line.messageDelta("tool_use"), Line.messageStop]
  }

  private static let tools = [
    Answer(
      "nothing is put before an answer that begins after a tool",
      toolMessage("m1", "t1") + Line.message("m2", "a") + [Line.result("a")], .tool("Bash", "{}"), .text("a")),
    Answer(
      "a blank line stands where tools were used, once",
      Line.message("m1", "a", stop: "tool_use") + toolMessage("m2", "t1") + toolMessage("m3", "t2")
        + Line.message("m4", "b") + [Line.result("b")],
      .text("a"), .tool("Bash", "{}"), .tool("Bash", "{}"), .text("\n\nb")),
    Answer(
      "no blank line stands at the end of an answer that ends with a tool",
      Line.message("m1", "a", stop: "tool_use") + toolMessage("m2", "t1") + [Line.result("a")],
      .text("a"), .tool("Bash", "{}")),
    Answer(
      "the blank line and a cut after it",
      Line.message("m1", "a", stop: "tool_use") + Line.cut("m2", "b") + Line.message("m3", "b", "c")
        + [Line.result("bc")],
      .text("a\n\nbc")),
    Answer(
      "a call that is printed twice", toolMessage("m1", "t1") + [Line.assistant("m1", Line.toolBlock("t1"))],
      .tool("Bash", "{}")),
    Answer(
      "a tool that failed", [Line.toolResult(#""first line\nsecond""#, isError: true)], .failure("first line")),
    Answer(
      "a tool that failed with blocks",
      [Line.toolResult(#"[{"type":"image"},{"type":"text","text":"no\nyes"}]"#, isError: true)], .failure("no")),
    Answer("a tool that failed without a word", [Line.toolResult(#""""#, isError: true)], .failure("failed")),
    Answer("a tool that did not fail", [Line.toolResult(#""fine""#, isError: false)]),
  ]

  private static let calls = [
    Answer(
      "a call in pieces, then whole",
      [Line.messageStart("m"), Line.callStart("c"), Line.input(#"{\"a\""#), Line.input(":1}")]
        + [Line.assistant("m", Line.toolBlock("c", "mcp__client__f", input: #"{"a":1}"#)), Line.blockStop]
        + [Line.messageDelta("tool_use"), Line.messageStop],
      .call(id: "c", name: "f", arguments: #"{"a":1}"#)),
    Answer("a call without arguments", streamedCall("m", "c"), .call(id: "c", name: "f", arguments: "{}")),
    Answer(
      "a call that comes whole only",
      [Line.assistant("m", Line.textBlock("a"), Line.toolBlock("c", "mcp__client__f", input: #"{"b":"é"}"#))],
      .text("a"), .call(id: "c", name: "f", arguments: #"{"b":"é"}"#)),
    Answer(
      "a call printed again in a later line",
      streamedCall("m", "c") + [Line.assistant("m2", Line.toolBlock("c", "mcp__client__f"))],
      .call(id: "c", name: "f", arguments: "{}")),
    Answer(
      "a message cut before its call",
      Line.cut("m1", "a ") + [Line.messageStart("m2"), Line.textStart, Line.text("a ")]
        + [Line.assistant("m2", Line.textBlock("a "))] + Line.callBlock("m2", "c") + [Line.messageDelta("tool_use")],
      .text("a "), .call(id: "c", name: "f", arguments: "{}")),
    Answer(
      "a call with the halves of a character",
      [Line.messageStart("m"), Line.callStart("c"), Line.input(#"{\"a\":\"\ud83c"#), Line.input(#"\udf89\"}"#)]
        + [Line.blockStop, Line.messageDelta("tool_use"), Line.messageStop],
      .call(id: "c", name: "f", arguments: #"{"a":"🎉"}"#)),
    Answer(
      "the CLI's way to a structured answer",
      [Line.messageStart("m"), Line.event(structuredStart), Line.input(#"{\"a\":1}"#)]
        + [Line.assistant("m", Line.toolBlock("s", "StructuredOutput", input: #"{"a":1}"#)), Line.blockStop]
        + [Line.messageDelta("tool_use"), Line.messageStop]),
    Answer(
      "a subagent's call",
      [Line.callStart("c", subagent: true)]
        + [Line.assistant("s", Line.toolBlock("c", "mcp__client__f"), subagent: true)]),
  ]

  private static let structuredStart =
    #"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"s","#
    + #""name":"StructuredOutput","input":{}}}"#

  private static func streamedCall(_ message: String, _ id: String) -> [String] {
    [Line.messageStart(message)] + Line.callBlock(message, id) + [Line.messageDelta("tool_use"), Line.messageStop]
  }

  private static let strangers = [
    Answer(
      "a subagent's lines between the answer's",
      [Line.messageStart("m1"), Line.textStart, Line.text("a ")]
        + [Line.messageStart("s1", subagent: true), Line.text("SUB", subagent: true)]
        + [Line.assistant("s1", Line.textBlock("SUB"), Line.toolBlock("t9"), subagent: true)]
        + [Line.toolResult("\"no\"", isError: true, subagent: true)]
        + [Line.text("b"), Line.assistant("m1", Line.textBlock("a b")), Line.messageDelta("end_turn")]
        + [Line.result("a b")],
      .text("a b")),
    Answer(
      "what the CLI says in the model's place",
      Line.message("m1", "a") + [Line.assistant("x", Line.textBlock("API Error"), model: "<synthetic>")]
        + [Line.result("API Error")],
      .text("a")),
    Answer(
      "lines of unknown types",
      [#"{"message":{"content":[{"type":"text","text":"x"}]},"type":"attachment"}"#, #"{"type":7,"event":{}}"#]
        + Line.message("m1", "a") + [Line.result("a")],
      .text("a")),
    Answer(
      "events that make no sense",
      [Line.event("7"), Line.event("{}"), Line.event(#"{"type":"content_block_delta"}"#), Line.text("early")]
        + [Line.event(#"{"type":"message_start","message":"x"}"#), #"{"type":"assistant"}"#, #"{"type":"user"}"#]
        + Line.message("m1", "a") + [Line.result("a")],
      .text("a")),
  ]

  private static let escapes = [
    Answer(
      "escapes stay escapes", Line.message("m1", #"\"quoted\"\n"#, #"\\ud83d \u0007\té"#) + [Line.result()],
      .text("\"quoted\"\n\\ud83d \u{7}\té")),
    Answer(
      "a lone half at the end", Line.message("m1", #"a\ud83d"#) + [Line.result()], .text("a\u{FFFD}")),
    Answer(
      "a lone half without its whole block",
      [Line.messageStart("m1"), Line.textStart, Line.text(#"a\ud83d"#), Line.messageDelta("end_turn")]
        + [Line.result("a")],
      .text("a\u{FFFD}")),
    Answer(
      "a half in text and a half in thinking do not meet",
      [Line.messageStart("m1"), Line.thinkingStart, Line.thinking(#"t\ud83c"#)]
        + [Line.assistant("m1", Line.thinkingBlock(#"t\ud83c"#)), Line.textStart, Line.text(#"\udf89a"#)]
        + [Line.assistant("m1", Line.textBlock(#"\udf89a"#)), Line.messageDelta("end_turn"), Line.result("a")],
      .thinking("t\u{FFFD}"), .text("\u{FFFD}a")),
  ]

  @Test(
    "an answer that is repeated with other text fails",
    arguments: [
      Answer(
        "another word", Line.cut("m1", "a ", "b ") + Line.message("m2", "a ", "x ", "c") + [Line.result("a x c")],
        .text("a b ")),
      Answer(
        "another beginning", Line.cut("m1", "a ") + Line.message("m2", "b") + [Line.result("b")], .text("a ")),
      Answer(
        "less than was told", Line.cut("m1", "a ", "b ") + Line.message("m2", "a ") + [Line.result("a ")],
        .text("a b ")),
      Answer(
        "cut after a whole call, which the CLI then waits for",
        [Line.messageStart("m1")] + Line.callBlock("m1", "c") + [Line.messageStop],
        .call(id: "c", name: "f", arguments: "")),
      Answer(
        "cut in a call and sent again without a word in between",
        [Line.messageStart("m1"), Line.callStart("c"), Line.input("{")] + streamedCall("m2", "d"),
        .call(id: "c", name: "f", arguments: "{")),
      Answer("nothing any more", Line.cut("m1", "a ") + [Line.result("other")], .text("a ")),
      Answer(
        "a different repair under a new id",
        Line.cut("m1", "a b") + [Line.assistant("m2", Line.textBlock("a c"), stop: "end_turn"), Line.result("a c")],
        .text("a b")),
      Answer(
        "a different repair under the same id",
        Line.cut("m1", "a b") + [Line.assistant("m1", Line.textBlock("a c"), stop: "end_turn"), Line.result("a c")],
        .text("a b")),
      Answer(
        "cut twice, the third time different",
        Line.cut("m1", "a ", "b ") + Line.cut("m2", "a ") + Line.message("m3", "a ", "x") + [Line.result("a x")],
        .text("a b ")),
    ])
  func diverged(answer: Answer) {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    let error = #expect(throws: ClaudeError.self) {
      try reader.read(answer.lines.map { Array($0.utf8) }, into: &transcript)
    }
    #expect(error?.kind == .diverged)
    #expect(error?.reachedCLI == true)
    #expect(transcript.entries == answer.expected)
  }

  // MARK: Usage

  @Test("usage adds the first and last counts of each message, interrupted ones included")
  func usage() throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    let start = { (id: String, usage: String) in
      Line.event(#"{"type":"message_start","message":{"id":"\#(id)","usage":\#(usage)}}"#)
    }
    let lines = [
      start("m1", #"{"input_tokens":5,"cache_read_input_tokens":3,"output_tokens":1}"#),
      start("m2", #"{"input_tokens":7,"cache_creation_input_tokens":2,"output_tokens":1}"#),
      Line.messageDelta(
        "tool_use", usage: #"{"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}"#),
      Line.messageStop,
    ]
    for (index, line) in lines.enumerated() {
      try reader.read([Array(line.utf8)], into: &transcript)
      #expect(reader.usage.output == [1, 2, 10, 10][index])
    }
    var expected = TokenUsage()
    (expected.input, expected.cacheCreation, expected.cacheRead) = (12, 2, 3)
    (expected.output, expected.thinking) = (10, 4)
    #expect(reader.usage == expected)
  }

  @Test("usage of an unstreamed message is counted once, even if it comes in several lines")
  func wholeUsage() throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader()
    let line = #"{"type":"assistant","message":{"id":"m","content":[],"usage":{"input_tokens":3,"output_tokens":2}}}"#
    try reader.read([Array(line.utf8), Array(line.utf8)], into: &transcript)
    #expect(reader.usage.input == 3 && reader.usage.output == 2)
  }

  @Test("calls beyond a message's limit are dropped")
  func maximumCalls() throws {
    var transcript = AnswerTranscript()
    var reader = AnswerReader(calls: CallSelection(maximum: 1))
    let lines =
      [Line.messageStart("m")] + Line.callBlock("m", "c") + Line.callBlock("m", "d")
      + [Line.messageDelta("tool_use"), Line.messageStop]
    try reader.read(lines.map { Array($0.utf8) }, into: &transcript)
    #expect(transcript.entries == [.call(id: "c", name: "f", arguments: "{}")])
    #expect(reader.hasCalls && !reader.hasText)
  }
}

/// Answers that end at a stop sequence.
struct AnswerReaderStopTests {
  private typealias Line = CLILine

  private func told(_ lines: [String], _ stop: String...) throws -> ([AnswerTranscript.Entry], Bool) {
    var transcript = AnswerTranscript()
    var reader = AnswerReader(stop: stop)
    try reader.read(lines.map { Array($0.utf8) }, into: &transcript)
    #expect(transcript.badPieces.isEmpty)
    return (transcript.entries, reader.isStopped)
  }

  @Test("text ends before the first stop sequence, wherever it is split")
  func pieces() throws {
    let lines = Line.message("m", "one S", "TO", "P two") + Line.message("n", "three") + [Line.result("x")]
    #expect(try told(lines, "STOP") == ([.text("one ")], true))
    #expect(try told(lines, "two", "TOP") == ([.text("one S")], true))
  }

  @Test("without a stop sequence all held text is delivered in order")
  func absent() throws {
    let lines = Line.message("m", "one S", "TO") + [Line.result("one STO")]
    #expect(try told(lines, "STOP") == ([.text("one STO")], false))
    let tools =
      [Line.messageStart("m"), Line.textStart, Line.text("a ST"), Line.assistant("m", Line.textBlock("a ST"))]
      + Line.callBlock("m", "c") + [Line.messageDelta("tool_use"), Line.messageStop]
    let (entries, isStopped) = try told(tools + Line.message("n", "OP b") + [Line.result("OP b")], "STOP")
    #expect(entries == [.text("a ST"), .call(id: "c", name: "f", arguments: "{}"), .text("\n\nOP b")])
    #expect(!isStopped)
  }

  @Test("stop sequences in thinking and tool input are ignored")
  func thinking() throws {
    let lines =
      [Line.messageStart("m"), Line.thinkingStart, Line.thinking("STOP"), Line.textStart, Line.text("a")]
      + [Line.toolStart, Line.assistant("m", Line.toolBlock("t", input: #"{"command":"STOP"}"#))]
      + [Line.messageDelta("tool_use"), Line.messageStop] + Line.message("n", "b") + [Line.result("b")]
    let (entries, isStopped) = try told(lines, "STOP")
    #expect(
      entries == [.thinking("STOP"), .text("a"), .tool("Bash", #"{"command":"STOP"}"#), .text("\n\nb")])
    #expect(!isStopped)
  }

  @Test("nothing is delivered after a stop sequence")
  func after() throws {
    let lines =
      [Line.messageStart("m"), Line.textStart, Line.text("a STOP b"), Line.thinkingStart, Line.thinking("t")]
      + Line.callBlock("m", "c") + [Line.toolStart, Line.assistant("m", Line.toolBlock("t"))]
      + [Line.messageDelta("tool_use"), Line.messageStop, Line.result("a STOP b")]
    #expect(try told(lines, "STOP") == ([.text("a ")], true))
  }

  @Test("stop sequences end unstreamed text and text from the result")
  func unstreamed() throws {
    let whole = [Line.assistant("m", Line.textBlock("a STOP b"), stop: "end_turn"), Line.result("a STOP b")]
    #expect(try told(whole, "STOP") == ([.text("a ")], true))
    #expect(try told([Line.result("a STOP b")], "STOP") == ([.text("a ")], true))
  }

  @Test("a repeated answer stops at the same sequence")
  func cut() throws {
    let lines = Line.cut("m1", "a ST") + Line.message("m2", "a STOP b") + [Line.result("a STOP b")]
    #expect(try told(lines, "STOP") == ([.text("a ")], true))
  }
}
