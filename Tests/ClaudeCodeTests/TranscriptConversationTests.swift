import Bytes
import ClaudeCodeTestSupport
import TestSupport
import Testing

@testable import ClaudeCode

struct TranscriptConversationTests {
  /// A line as the CLI writes it.
  private func line(
    _ uuid: String, after parent: String?, _ role: String, _ content: JSONValue, answer: String? = nil,
    _ more: JSONObject = [:]
  ) -> String {
    var message: JSONObject = ["role": .string(role), "content": content]
    message["id"] = answer.map { .string($0) }
    var line: JSONObject = [
      "parentUuid": JSONValue(parent), "isSidechain": false, "type": .string(role), "message": .object(message),
      "uuid": .string(uuid), "timestamp": .string("2026-11-21T13:33:\(uuid)"),
    ]
    for member in more.members { line[member.key] = member.value }
    return JSONValue.object(line).text
  }

  private func other(_ uuid: String, after parent: String?, _ type: String, _ more: JSONObject = [:]) -> String {
    var line: JSONObject = ["parentUuid": JSONValue(parent), "type": .string(type), "uuid": .string(uuid)]
    for member in more.members { line[member.key] = member.value }
    return JSONValue.object(line).text
  }

  private func uuids(_ lines: [String]) -> [String] {
    TranscriptConversation(parsing: Array(lines.map { $0 + "\n" }.joined().utf8)).messages.map(\.uuid)
  }

  @Test("messages keep role, blocks, time and id")
  func plain() {
    let blocks: JSONValue = [["type": "text", "text": "b"], ["type": "new", "x": [1]]]
    let lines = [
      #"{"type":"queue-operation","operation":"enqueue"}"#, line("1", after: nil, "user", "a"),
      other("2", after: "1", "attachment"), line("3", after: "2", "assistant", blocks, answer: "m"),
      #"{"type":"last-prompt","leafUuid":"1"}"#,
    ]
    let conversation = TranscriptConversation(parsing: Array(lines.joined(separator: "\n").utf8))
    #expect(
      conversation.messages == [
        .init(uuid: "1", role: .user, timestamp: "2026-11-21T13:33:1", content: [["type": "text", "text": "a"]]),
        .init(uuid: "3", role: .assistant, timestamp: "2026-11-21T13:33:3", content: blocks.array ?? []),
      ])
  }

  @Test("abandoned branches are left out")
  func branches() {
    let stem = [line("1", after: nil, "user", "a"), line("2", after: "1", "assistant", "b", answer: "m1")]
    let lost = [line("3", after: "2", "user", "c"), line("4", after: "3", "assistant", "d", answer: "m2")]
    let won = [line("5", after: "2", "user", "e"), line("6", after: "5", "assistant", "f", answer: "m3")]
    #expect(uuids(stem + lost + won) == ["1", "2", "5", "6"])
    #expect(uuids(stem + lost) == ["1", "2", "3", "4"])
    // Side by side in the file.
    #expect(uuids(stem + [lost[0], won[0], lost[1], won[1]]) == ["1", "2", "5", "6"])
  }

  @Test("parallel calls and all their results are included")
  func parallelCalls() {
    func call(_ id: String) -> JSONValue { [["type": "tool_use", "id": .string(id)]] }
    func result(_ id: String) -> JSONValue { [["type": "tool_result", "tool_use_id": .string(id)]] }
    let lines = [
      line("1", after: nil, "user", "a"), line("2", after: "1", "assistant", call("x"), answer: "m"),
      line("3", after: "2", "assistant", call("y"), answer: "m"),
      line("4", after: "3", "assistant", call("z"), answer: "m"), line("5", after: "4", "user", result("z")),
      line("6", after: "2", "user", result("x")), line("7", after: "3", "user", result("y")),
      line("8", after: "7", "assistant", "done", answer: "n"),
    ]
    #expect(uuids(lines) == ["1", "2", "3", "4", "5", "6", "7", "8"])
  }

  @Test(
    "notes are left out, and what follows them is not",
    arguments: [
      ["isMeta": true], ["isCompactSummary": true], ["isApiErrorMessage": true], ["message": ["content": []]],
      ["message": ["content": "x", "model": "<synthetic>"]], ["message": ["content": ""]], ["message": 1],
    ] as [JSONObject])
  func synthetic(mark: JSONObject) {
    let lines = [
      line("1", after: nil, "user", "a"), line("2", after: "1", "user", "x", mark), line("3", after: "2", "user", "b"),
    ]
    #expect(uuids(lines) == ["1", "3"])
    #expect(uuids(Array(lines[..<2])) == ["1"])
  }

  @Test("subagent lines are left out, even the newest")
  func sidechains() {
    let lines = [
      line("1", after: nil, "user", "a"), line("2", after: "1", "assistant", "b", ["isSidechain": true]),
    ]
    #expect(uuids(lines) == ["1"])
  }

  @Test("the conversation continues across a compaction")
  func compaction() {
    let lines = [
      line("1", after: nil, "user", "a"),
      other("2", after: nil, "system", ["subtype": "compact_boundary", "logicalParentUuid": "1"]),
      line("3", after: "2", "user", "summary", ["isCompactSummary": true]), line("4", after: "3", "user", "b"),
    ]
    #expect(uuids(lines) == ["1", "4"])
  }

  @Test(
    "torn lines are skipped, and the conversation starts after them",
    arguments: ["", "{", #"{"type":"user","uuid":"9"#, "null", "[]", #"{"type":"user"}"#, "\u{0}"])
  func broken(rest: String) {
    let lines = [line("1", after: nil, "user", "a"), line("2", after: "1", "assistant", "b")]
    #expect(uuids(lines + [rest]) == ["1", "2"])
    #expect(uuids([lines[0], rest, lines[1]]) == ["1", "2"])
    #expect(uuids([rest, lines[1]]) == ["2"])
  }

  @Test("a truncated transcript reads as its whole lines")
  func cuts() {
    let lines = [line("1", after: nil, "user", "ä"), line("2", after: "1", "assistant", "b", answer: "m")]
    let text = Array(lines.map { $0 + "\n" }.joined().utf8)
    let first = lines[0].utf8.count
    for count in 0...text.count {
      let expected = count < first ? [] : count < text.count - 1 ? ["1"] : ["1", "2"]
      #expect(TranscriptConversation(parsing: Array(text[..<count])).messages.map(\.uuid) == expected)
    }
  }

  @Test("cyclic parents end the conversation")
  func circle() {
    #expect(uuids([line("1", after: "2", "user", "a"), line("2", after: "1", "user", "b")]) == ["1", "2"])
    #expect(uuids([line("1", after: "1", "user", "a")]) == ["1"])
    #expect(uuids([]) == [])
  }

  @Test("a written transcript reads back the same")
  func ours() {
    let transcript = Transcript([
      .init(.user, [.text("a")]), .init(.assistant, [.text("b")]), .init(.user, [.text("c")]),
    ])
    var ids = SequentialIDs()
    let text = transcript.encoded(in: .sample) { ids.next() }
    let messages = TranscriptConversation(parsing: text).messages
    // Without the notice behind the user's last word.
    #expect(messages.map(\.content) == transcript.messages.map { $0.content.map(\.json) })
    #expect(messages.map(\.role) == [.user, .assistant, .user])
  }
}
