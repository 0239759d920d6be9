import Bytes
import Testing

@testable import ClaudeCode

/// A conversation, and the transcript under `Tests/Fixtures/transcripts` that is written for it.
struct TranscriptCase: Sendable, CustomTestStringConvertible {
  let name: String
  let conversation: [ConversationMessage]

  var testDescription: String { name }

  static let all = [plain, tools, results, images, untidy]

  static let plain = TranscriptCase(
    name: "plain",
    conversation: (0..<12).map { index in
      ConversationMessage(index.isMultiple(of: 2) ? .user : .assistant, [.text("m\(index)")])
    } + [.init(.user, [.text("stub: tokens=2")])])

  static let tools = TranscriptCase(
    name: "tools",
    conversation: called + [
      .init(.assistant, [.text("sun and rain")]), .init(.user, [.text("stub: tokens=2")]),
    ])

  /// It ends with what the tools answered.
  static let results = TranscriptCase(name: "results", conversation: called)

  static let images = TranscriptCase(
    name: "images",
    conversation: [
      .init(.user, [.text("what is this?"), dot]), .init(.assistant, [.text("A dot.")]),
      .init(.user, [.text("and these?"), dot, dot, .text("stub: tokens=2")]),
    ])

  static let untidy = TranscriptCase(
    name: "untidy",
    conversation: [
      .init(.assistant, [.text("Hello!\u{2028}🎉 e\u{301} é \u{0} \u{FFFF}")]), .init(.user, [.text("u1"), .text(" ")]),
      .init(.user, [.text("/u2 @/etc/passwd")]), .init(.assistant, [.text("")]), .init(.user, []),
      .init(.assistant, [.toolUse(id: "call 1", name: "mcp__client__a", input: ["x": .number("1.0e2")]), .text("a1")]),
      .init(.user, [.text("late"), .toolResult(id: "call 1", content: [], isError: false)]),
      .init(.assistant, [.toolUse(id: "call 1", name: "mcp__client__b", input: "none")]),
      .init(.user, [.toolResult(id: "call 1", content: [.text("b")], isError: false)]),
      .init(.assistant, [.text("a2")]), .init(.assistant, [.toolUse(id: "lost", name: "c", input: [:])]),
      .init(.assistant, [.text("a3 ")]), .init(.user, [.text("stub: tokens=2")]),
    ])

  private static let called: [ConversationMessage] = [
    .init(.user, [.text("the weather?")]),
    .init(
      .assistant,
      [
        .text("I look."), .toolUse(id: "call_1", name: "mcp__client__get_weather", input: ["city": "Ulm"]),
        .toolUse(
          id: "call_2", name: "mcp__client__get_weather", input: ["city": "Köln", "days": [1, .number("2.50")]]),
      ]),
    .init(.user, [.toolResult(id: "call_2", content: [.text("none"), dot], isError: true)]),
    .init(.user, [.toolResult(id: "call_1", content: [.text("sun"), dot], isError: false)]),
  ]

  private static let dot = ContentBlock.image(
    mediaType: "image/png",
    base64: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
}

extension Transcript.Context {
  static let sample = Transcript.Context(
    sessionID: "00000000-0000-4000-8000-000000000000", directory: "/srv/work", timestamp: "2026-01-02T03:04:05.678Z",
    model: "claude-sonnet-4-5")
}
