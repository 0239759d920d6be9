import ClaudeCode
import ClaudeCodeTestSupport
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

struct AttachmentBudgetTests {
  private static func image(_ number: Int) -> ContentBlock {
    .image(mediaType: "image/png", base64: "AAA\(number)")
  }
  private static func document(_ size: Int) -> ContentBlock {
    .document(base64: String(repeating: "A", count: size), title: nil)
  }
  private static func user(_ content: [ContentBlock]) -> ChatMessage { ChatMessage(role: .user, content: content) }
  private static let answer = ChatMessage(role: .assistant, text: "a")

  @Test("older images of a history become notes, the newest stay")
  func images() {
    let count = ImageLimits.maximumCount
    let history = ChatHistory(
      (0...count).flatMap { [Self.user([.text("\($0)"), Self.image($0)]), Self.answer] } + [Self.user([.text("so?")])])
    let bounded = history.withinBounds
    #expect(bounded.past[0].content == [.text("0"), .text(AttachmentBudget.imageNote)])
    #expect(bounded.past[2].content == [.text("1"), Self.image(1)])
    #expect(bounded.past.suffix(2 * count) == history.past.suffix(2 * count))
    #expect(bounded.present == history.present && bounded.instructions == history.instructions)
  }

  @Test("within one message the last images stay; results of tools count")
  func results() {
    let results = ChatMessage(
      role: .tool, content: (0..<ImageLimits.maximumCount + 2).map { Self.image($0) }, toolCallID: "c")
    let call = ChatMessage(role: .assistant, text: "", calls: [ChatToolCall(id: "c", name: "f", arguments: "{}")])
    let bounded = ChatHistory([Self.user([Self.image(0)]), call, results]).withinBounds
    #expect(bounded.past[0].content == [.text(AttachmentBudget.imageNote)])
    #expect(
      bounded.present[0].content
        == [.text(AttachmentBudget.imageNote), .text(AttachmentBudget.imageNote)] + results.content.dropFirst(2))
  }

  @Test("older documents beyond the upstream's request become notes")
  func documents() {
    let half = DocumentLimits.maximumLength / 2
    let history = ChatHistory([
      Self.user([Self.document(1)]), Self.answer, Self.user([Self.document(half)]), Self.answer,
      Self.user([Self.document(half)]),
    ])
    let bounded = history.withinBounds
    #expect(bounded.past[0].content == [.text(AttachmentBudget.documentNote)])
    #expect(bounded.past[2] == history.past[2] && bounded.present == history.present)
  }

  @Test("the newest message beyond a bound is refused")
  func newest() throws {
    func check(_ content: [ContentBlock]) throws -> String? {
      try refusal { try AttachmentBudget.check(content, "messages") }
    }
    let images = (0..<ImageLimits.maximumCount).map { Self.image($0) }
    #expect(try check(images) == nil)
    #expect(try check(images + [Self.image(0)]) == "400 messages too_many_images")
    let half = Self.document(DocumentLimits.maximumLength / 2)
    #expect(try check([half, half]) == nil)
    #expect(try check([half, half, Self.document(1)]) == "400 messages document_too_large")
  }

  @Test("what is left out does not change the conversation's position")
  func position() throws {
    let start = ConversationKey(principal: "p", settings: [])
    let history = ChatHistory([Self.user((0...ImageLimits.maximumCount).map { Self.image($0) }), Self.answer])
    #expect(history.withinBounds != history)
    #expect(history.withinBounds.key(from: start) != history.key(from: start))
    let request = try ConversationRequest(
      messages: history.past + [Self.user([.text("so?")])], tools: ChatTools([], choice: .auto, areParallel: true),
      options: TurnOptions(), at: "messages")
    let conversation = try ChatConversation(request, for: .me, TurnPolicy())
    let settings = TurnOptions().conversationSettings(isInstructed: false)
    #expect(conversation.past == history.key(from: ConversationKey(principal: "me", settings: settings)))
    #expect(conversation.history.past[0].content[0] == .text(AttachmentBudget.imageNote))
  }
}
