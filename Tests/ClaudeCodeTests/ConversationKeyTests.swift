import ClaudeCode
import Testing

struct ConversationKeyTests {
  private static let start = ConversationKey(principal: "p", settings: ["w", "s"])

  @Test("the same conversation has the same key")
  func same() {
    #expect(Self.start == ConversationKey(principal: "p", settings: ["w", "s"]))
    #expect(
      Self.start.appending(role: "user", text: "a").appending(role: "assistant", text: "b")
        == Self.start.appending(role: "user", text: "a").appending(role: "assistant", text: "b"))
  }

  @Test(
    "another principal, other settings, or a shifted border make another conversation",
    arguments: [
      ConversationKey(principal: "q", settings: ["w", "s"]), ConversationKey(principal: "p", settings: ["w", "t"]),
      ConversationKey(principal: "p", settings: ["s", "w"]), ConversationKey(principal: "p", settings: ["ws", ""]),
      ConversationKey(principal: "p", settings: ["ws"]), ConversationKey(principal: "p", settings: ["w"]),
      ConversationKey(principal: "pw", settings: ["s"]), ConversationKey(principal: "p", settings: ["w", "s", ""]),
      ConversationKey(principal: "p", settings: ["1:s"]),
    ])
  func different(key: ConversationKey) {
    #expect(key != Self.start)
    #expect(key.appending(role: "user", text: "a") != Self.start.appending(role: "user", text: "a"))
  }

  @Test("a changed message, role or order is another conversation, and so is one message more")
  func messages() {
    let keys: Set = [
      Self.start,
      Self.start.appending(role: "user", text: "a"),
      Self.start.appending(role: "user", text: "A"),
      Self.start.appending(role: "assistant", text: "a"),
      Self.start.appending(role: "user", text: ""),
      Self.start.appending(role: "user", text: "a").appending(role: "user", text: "b"),
      Self.start.appending(role: "user", text: "b").appending(role: "user", text: "a"),
      Self.start.appending(role: "user", text: "ab"),
      Self.start.appending(role: "usera", text: ""),
    ]
    #expect(keys.count == 9)
  }

  @Test("white space at the ends does not count, inside it does", arguments: [" a b", "a b\n", "\r\n\ta b \u{A0}\n"])
  func whiteSpace(text: String) {
    #expect(Self.start.appending(role: "user", text: text) == Self.start.appending(role: "user", text: "a b"))
    #expect(Self.start.appending(role: "user", text: text) != Self.start.appending(role: "user", text: "a  b"))
  }
}
