import Bytes
import ClaudeCodeTestSupport
import TestSupport
import Testing

@testable import ClaudeCode

struct TranscriptTests {
  @Test("each message is one line that names the one before")
  func bytes() {
    let transcript = Transcript([
      .init(.user, [.text("a \"b\"")]), .init(.assistant, [.text("c\u{2028}🎉")]),
    ])
    var ids = SequentialIDs()
    let text = String(decoding: transcript.encoded(in: .sample) { ids.next() }, as: UTF8.self)
    let rest =
      #""timestamp":"2026-01-02T03:04:05.678Z","userType":"external","cwd":"/srv/work","#
      + #""sessionId":"00000000-0000-4000-8000-000000000000","version":"2.1.329"}"#
    #expect(
      text == #"""
        {"parentUuid":null,"isSidechain":false,"type":"user","message":{"role":"user","content":[{"type":"text","text":"a \"b\""}]},"uuid":"00000000-0000-4000-8000-000000000001",\#(rest)
        {"parentUuid":"00000000-0000-4000-8000-000000000001","isSidechain":false,"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"c\#u{2028}🎉"}],"id":"msg_00000000-0000-4000-8000-000000000002","type":"message","model":"claude-sonnet-4-5","stop_reason":"end_turn","usage":{"input_tokens":0,"output_tokens":0}},"uuid":"00000000-0000-4000-8000-000000000002",\#(rest)

        """#)
  }

  @Test("without a model none is written; a trailing user message gets a notice")
  func notice() throws {
    var context = Transcript.Context.sample
    context.model = nil
    let transcript = Transcript([
      .init(.user, [.text("a")]), .init(.assistant, [.text("b")]), .init(.user, [.text("c")]),
    ])
    var ids = SequentialIDs()
    let lines = try transcript.encoded(in: context) { ids.next() }.split(separator: Ascii.lineFeed).map {
      try JSONValue(parsing: Array($0))
    }
    #expect(lines.map { $0["type"]?.string } == ["user", "assistant", "user", "assistant"])
    #expect(lines.map { $0["message"]?["model"]?.string } == [nil, nil, nil, "<synthetic>"])
    #expect(lines.map { $0["isApiErrorMessage"]?.bool } == [nil, nil, nil, true])
    #expect(lines[3]["parentUuid"] == lines[2]["uuid"])
  }

  /// What the real CLI is given in Tests/Clients/test_transcripts.py.
  @Test("transcripts equal the fixtures, and so do prompts", arguments: TranscriptCase.all)
  func fixtures(sample: TranscriptCase) {
    let resumption = Resumption(sample.conversation)
    var ids = SequentialIDs()
    let fixture = Recording("transcripts/\(sample.name)")
    let written = resumption.transcript.encoded(in: .sample) { ids.next() }
    #expect(written.split(separator: Ascii.lineFeed).map(Array.init) == fixture.lines)
    let prompt = Recording("transcripts/\(sample.name)-prompt")
    #expect([JSONValue.array(resumption.prompt.map(\.json)).encoded] == prompt.lines)
  }

  @Test("written transcripts read back the same, whatever they hold", arguments: 0..<300 as Range<UInt64>)
  func roundTrip(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let history = RandomHistory.next(&generator)
    let transcript = Transcript(history)
    var ids = SequentialIDs()
    let bytes = transcript.encoded(in: .sample) { ids.next() }
    let read = Transcript.messages(parsing: bytes)
    #expect(read == transcript.messages)
    // By bytes too: to Swift, texts that differ only in Unicode normalisation are equal.
    var again = SequentialIDs()
    #expect(Transcript(read).encoded(in: .sample) { again.next() } == bytes)
    #expect(Transcript(transcript.messages) == transcript)
    #expect(bytes.count { $0 == Ascii.lineFeed } == transcript.lineCount)
  }

  @Test("random histories become well-formed transcripts", arguments: 0..<300 as Range<UInt64>)
  func order(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let messages = Transcript(RandomHistory.next(&generator)).messages
    var ids: [String] = []
    var calls: [String] = []
    for (index, message) in messages.enumerated() {
      #expect(message.role == (index.isMultiple(of: 2) ? .user : .assistant))
      #expect(!message.content.isEmpty)
      let results = message.content.prefix(while: \.isToolResult).compactMap(\.json["tool_use_id"]?.string)
      #expect(results == calls)
      calls = message.content.suffix(while: \.isToolUse).compactMap(\.json["id"]?.string)
      #expect(message.content.count { $0.isToolUse } == calls.count)
      #expect(message.content.count { $0.isToolResult } == results.count)
      ids += calls
    }
    #expect(calls.isEmpty)
    #expect(Set(ids).count == ids.count)
  }

  @Test("the CLI's own transcripts are read, without notes and side chains")
  func foreign() {
    let text = #"""
      {"type":"queue-operation"}
      {"type":"user","message":{"role":"user","content":"hello"}}
      {"type":"attachment","attachment":{"type":"date"}}
      {"type":"user","isMeta":true,"message":{"role":"user","content":"note"}}
      {"type":"assistant","isSidechain":true,"message":{"role":"assistant","content":[{"type":"text","text":"side"}]}}
      {"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"thinking","thinking":"hm"}]}}
      {"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":"one"}]}}
      {"type":"assistant","message":{"id":"m","role":"assistant","content":[{"type":"text","text":"two"}]}}
      {"type":"assistant","isApiErrorMessage":true,"message":{"role":"assistant","content":[{"type":"text","text":"x"}]}}
      {"type":"user","message":{"role":"user","cont
      """#
    #expect(
      Transcript.messages(parsing: Array(text.utf8)) == [
        .init(.user, [.text("hello")]), .init(.assistant, [.text("one"), .text("two")]),
      ])
    #expect(Transcript.messages(parsing: []) == [])
  }
}

extension Array {
  fileprivate func suffix(while condition: (Element) -> Bool) -> ArraySlice<Element> {
    self[(lastIndex { !condition($0) }.map { $0 + 1 } ?? 0)...]
  }
}
