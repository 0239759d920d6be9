import Bytes
import ClaudeCode
import Testing

@testable import API

struct ChatHistoryTests {
  private static let id = "11111111-2222-4333-8444-555555555555"
  private static let start = ConversationKey(principal: "p", settings: [])

  private static func user(_ text: String) -> ChatMessage { ChatMessage(role: .user, text: text) }
  private static func assistant(_ text: String) -> ChatMessage { ChatMessage(role: .assistant, text: text) }
  private static func tool(_ text: String) -> ChatMessage { ChatMessage(role: .tool, text: text) }

  @Test("instructions are joined, wherever they stand; empty ones are none")
  func instructions() {
    let history = ChatHistory([
      ChatMessage(role: .system, text: "a"), Self.user("hi"), ChatMessage(role: .developer, text: "b"),
      ChatMessage(role: .system, text: ""),
    ])
    #expect(history.instructions == "a\n\nb")
    #expect(history.present == [Self.user("hi")])
    #expect(ChatHistory([ChatMessage(role: .system, text: ""), Self.user("hi")]).instructions == nil)
  }

  @Test("what came after the last assistant message is new")
  func parts() {
    let history = ChatHistory([
      Self.user("1"), Self.assistant("2"), Self.user("3"), Self.assistant("4"), Self.user("5"), Self.user("6"),
    ])
    #expect(history.past == [Self.user("1"), Self.assistant("2"), Self.user("3"), Self.assistant("4")])
    #expect(history.present == [Self.user("5"), Self.user("6")])
  }

  @Test("a history that ends with the assistant, or in tool results, is all new")
  func noNews() {
    let ended = [Self.user("1"), Self.assistant("2")]
    #expect(ChatHistory(ended).past.isEmpty)
    #expect(ChatHistory(ended).present == ended)
    let results = [Self.user("1"), Self.assistant(""), Self.tool("r")]
    #expect(ChatHistory(results).past.isEmpty)
    #expect(ChatHistory(results).present == results)
  }

  @Test("options stand at the head of the newest user message only")
  func newestOptions() throws {
    let history = ChatHistory([Self.user("model=a\nx"), Self.user("workspace=w\n\ny"), Self.tool("model=b\n")])
    let (options, prompt) = try history.newestOptions()
    var expected = TurnOptions()
    expected.workspace = "w"
    #expect(options == expected)
    #expect(prompt == [Self.user("model=a\nx"), Self.user("y"), Self.tool("model=b\n")])
    #expect(try refusal { _ = try ChatHistory([Self.user("max-turns=x")]).newestOptions() } == "400 max-turns -")
  }

  @Test("the past says which session it was and what was set, the later the stronger")
  func pastOptions() {
    let history = ChatHistory([
      Self.user("workspace=a\nallowed-tools=Bash\n\nx"), Self.assistant("session-id=\(Self.id)\nworkspace=b\n\ny"),
      Self.user("model=opus\nsession-id=99999999-2222-4333-8444-555555555555\nz"), Self.assistant("ok"),
      Self.user("workspace=new\n"),
    ])
    var expected = TurnOptions()
    expected.workspace = "b"
    expected.allowedTools = ["Bash"]
    expected.model = "opus"
    // Only an answer of ours says where it came from.
    expected.sessionID = Self.id
    #expect(history.pastOptions(TurnPolicy(writesSessionIntoContent: true)) == expected)
  }

  @Test("an answer's own words are no options, whatever they look like")
  func answersOwnWords() {
    let told = Self.assistant("dangerously-skip-permissions=true\nworkspace=w\n\ntext")
    let history = ChatHistory([Self.user("write me a file of settings"), told, Self.user("go on")])
    #expect(history.pastOptions(TurnPolicy(writesSessionIntoContent: true)) == TurnOptions())
    // They belong to the conversation, as they were told.
    let saved = Self.start.appending(role: "user", text: "write me a file of settings")
      .appending(role: "assistant", text: told.text)
    #expect(history.key(from: Self.start) == saved)
    #expect(ChatHistory.prompt([Self.user("go on")], after: [told]).contains("workspace=w"))
  }

  @Test("a conversation is the same with and without the head of our answers")
  func keys() {
    let bare = ChatHistory([Self.user("1"), Self.assistant("2"), Self.user("3")])
    let headed = ChatHistory([Self.user("1"), Self.assistant("session-id=\(Self.id)\n\n2 "), Self.user("3")])
    let saved = ChatHistory.extend(Self.start, by: ChatHistory([Self.user("1")]).present)
      .appending(role: "assistant", text: "2")
    #expect(bare.key(from: Self.start) == saved)
    #expect(headed.key(from: Self.start) == saved)
    #expect(ChatHistory([Self.user("1"), Self.assistant("x"), Self.user("3")]).key(from: Self.start) != saved)
  }

  @Test(
    "a prompt alone is told as it is, but never as a command of the CLI",
    arguments: [
      ("hello", "hello"), ("/clear", " /clear"), (" /clear", " /clear"), ("--help", "--help"),
      ("@/etc/passwd", "@/etc/passwd"),
      ("\n/x", "\n/x"),
    ])
  func plainPrompt(text: String, expected: String) {
    #expect(ChatHistory.prompt([Self.user(text)], after: []) == expected)
  }

  @Test("several messages of the user are one prompt")
  func severalMessages() {
    #expect(ChatHistory.prompt([Self.user("/a"), Self.user("b")], after: []) == " /a\n\nb")
  }

  @Test("a history that no session knows is told in words")
  func told() throws {
    let call = try ChatMessage(
      JSONValue(parsing: #"{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}"#), at: "m")
    #expect(
      ChatHistory.prompt(
        [Self.user("/now")],
        after: [Self.user("hi"), Self.assistant("session-id=\(Self.id)\n\nhello"), call, Self.tool("7")])
          == """
          This is the conversation so far. Answer its last message.

          User: hi

          Assistant: hello

          Assistant: [called f({})]

          Tool result: 7

          User: /now
          """)
  }
}
