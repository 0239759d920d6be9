import ClaudeCode
import Testing

@testable import Turns

struct ForcedAnswersTests {
  private static func key(_ number: Int) -> ConversationKey {
    ConversationKey(principal: "p", settings: ["\(number)"])
  }

  @Test("a call told in words, in either form of its id, finds its session")
  func told() {
    var answers = ForcedAnswers()
    answers.note("toolu_1x", of: "s", at: Self.key(1), then: Self.key(2))
    for text in ["called call_1x", "[toolu_1x]"] {
      let found = answers.session(at: Self.key(1), telling: text)
      #expect(found?.id == "s" && found?.position == Self.key(2))
    }
    #expect(answers.session(at: Self.key(1), telling: "called f") == nil)
    #expect(answers.session(at: Self.key(2), telling: "call_1x") == nil)
  }

  @Test("limit: answers that are kept; the oldest is dropped first")
  func capacity() {
    var answers = ForcedAnswers()
    for number in 0..<ForcedAnswers.capacity {
      answers.note("toolu_a", of: "s", at: Self.key(number), then: Self.key(-1))
    }
    answers.note("toolu_a", of: "t", at: Self.key(0), then: Self.key(-1))
    #expect(answers.session(at: Self.key(1), telling: "call_a")?.id == "s")
    answers.note("toolu_a", of: "u", at: Self.key(-2), then: Self.key(-1))
    #expect(answers.session(at: Self.key(1), telling: "call_a") == nil)
    #expect(answers.session(at: Self.key(0), telling: "call_a")?.id == "t")
  }
}
