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
    "principal, settings and message boundaries change the key",
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

  @Test("any change of text, role, order or length changes the key")
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

  @Test(
    "leading and trailing white space is ignored, inner white space is not",
    arguments: [" a b", "a b\n", "\r\n\ta b \u{A0}\n"])
  func whiteSpace(text: String) {
    #expect(Self.start.appending(role: "user", text: text) == Self.start.appending(role: "user", text: "a b"))
    #expect(Self.start.appending(role: "user", text: text) != Self.start.appending(role: "user", text: "a  b"))
  }
}
