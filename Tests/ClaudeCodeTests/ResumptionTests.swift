import Bytes
import Testing

@testable import ClaudeCode

struct ResumptionTests {
  private let past: [ConversationMessage] = [.init(.user, [.text("a")]), .init(.assistant, [.text("b")])]
  private let image = ContentBlock.image(mediaType: "image/png", base64: "AAAA")

  @Test("messages after the last answer become the prompt")
  func plain() {
    let resumption = Resumption(past + [.init(.user, [.text("c")]), .init(.user, [.text("d")])])
    #expect(resumption.transcript.messages == past)
    #expect(resumption.prompt == [.text("c"), .text("d")])
  }

  @Test("a first message needs no transcript")
  func first() {
    #expect(Resumption([.init(.user, [.text("a")])]).transcript.isEmpty)
    #expect(Resumption([.init(.user, [.text("a")])]).prompt == [.text("a")])
    #expect(Resumption([]) == Resumption([.init(.user, [.text(" ")])]))
    #expect(Resumption([]).prompt == [])
  }

  @Test("a conversation that ends with the assistant has no prompt")
  func answered() {
    #expect(Resumption(past).transcript.messages == past)
    #expect(Resumption(past).prompt == [])
  }

  @Test("results are in the transcript and the prompt")
  func results() {
    let result = ContentBlock.toolResult(id: "t", content: [.text("r")], isError: false)
    let call = ConversationMessage(.assistant, [.toolUse(id: "t", name: "f", input: [:])])
    let conversation = [past[0], call, .init(.user, [result]), .init(.user, [.text("c"), image])]
    let resumption = Resumption(conversation)
    #expect(resumption.transcript.messages == [past[0], call, .init(.user, [result, .text("c"), image])])
    #expect(resumption.prompt == [result])
  }

  @Test("images go into the transcript, text into the prompt")
  func images() {
    func divided(_ content: [ContentBlock]) -> [[ContentBlock]] {
      let resumption = Resumption(past + [.init(.user, content)])
      return resumption.transcript.messages.dropFirst(2).map(\.content) + [resumption.prompt]
    }
    #expect(divided([image, .text("c"), .text("d")]) == [[image], [.text("c"), .text("d")]])
    #expect(divided([.text("c"), image, .text("d")]) == [[.text("c"), image], [.text("d")]])
    #expect(divided([.text("c"), .text("d"), image]) == [[.text("c"), image], [.text("d")]])
    #expect(divided([image]) == [[image]])
  }
}
