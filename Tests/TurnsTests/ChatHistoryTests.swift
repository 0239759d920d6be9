import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

struct ChatHistoryTests {
  private static let id = "11111111-2222-4333-8444-555555555555"
  private static let start = ConversationKey(principal: "p", settings: [])

  private static func user(_ text: String) -> ChatMessage { ChatMessage(role: .user, text: text) }
  private static func assistant(_ text: String) -> ChatMessage { ChatMessage(role: .assistant, text: text) }
  private static func tool(_ text: String, _ id: String = "c") -> ChatMessage {
    ChatMessage(role: .tool, text: text, toolCallID: id)
  }
  private static func calling(_ ids: String..., text: String = "") -> ChatMessage {
    ChatMessage(role: .assistant, text: text, calls: ids.map { ChatToolCall(id: $0, name: "f", arguments: "{}") })
  }

  private static func system(_ text: String) -> ChatMessage { ChatMessage(role: .system, text: text) }

  @Test("the leading instructions are joined, and empty ones ignored")
  func instructions() {
    let history = ChatHistory([
      Self.system("a"), Self.system(""), ChatMessage(role: .developer, text: "b"), Self.user("hi"), Self.system(" "),
    ])
    #expect(history.instructions == "a\n\nb")
    #expect(history.present == [Self.user("hi")])
    #expect(ChatHistory([Self.system(""), Self.user("hi")]).instructions == nil)
  }

  @Test("later instructions keep their place as marked texts of the user")
  func laterInstructions() {
    let history = ChatHistory([
      Self.system("a"), Self.user("run it"), Self.assistant("ls"), Self.system("one <b>"), Self.assistant("pwd"),
      ChatMessage(role: .developer, text: "two"), Self.user("and?"),
    ])
    #expect(history.instructions == "a")
    #expect(history.question == [.text("<system>two</system>"), .text("and?")])
    #expect(
      history.conversation(TurnPolicy()) == [
        ConversationMessage(.user, [.text("run it")]), ConversationMessage(.assistant, [.text("ls")]),
        ConversationMessage(.user, [.text("<system>one <b></system>")]),
        ConversationMessage(.assistant, [.text("pwd")]),
        ConversationMessage(.user, [.text("<system>two</system>"), .text("and?")]),
      ])
    #expect(history.words[0].text?.contains("Assistant: ls\n\nSystem: one <b>\n\nAssistant: pwd") == true)
    let other = ChatHistory([Self.user("run it"), Self.assistant("ls"), Self.system("2"), Self.assistant("pwd")])
    #expect(other.key(from: Self.start) != history.key(from: Self.start))
  }

  @Test("results stand directly behind their calls, whatever instructions are between them")
  func instructionsAmongResults() throws {
    let between = ChatHistory([
      Self.user("1"), Self.calling("c", "d"), Self.system("x"), Self.tool("r"), Self.system("y"), Self.tool("s", "d"),
    ])
    let behind = ChatHistory([
      Self.user("1"), Self.calling("c", "d"), Self.tool("r"), Self.tool("s", "d"), Self.system("x"), Self.system("y"),
    ])
    #expect(between == behind)
    try between.checkCalls()
    #expect(between.question == [.text("<system>x</system>"), .text("<system>y</system>")])
    let past = ChatHistory([
      Self.user("1"), Self.calling("c"), Self.system("x"), Self.tool("r"), Self.assistant("2"), Self.user("3"),
    ])
    #expect(past.past.map(\.role) == [.user, .assistant, .tool, .system, .assistant])
  }

  @Test("of instructions alone the last is the question")
  func instructionsAlone() {
    let one = ChatHistory([Self.system("choose")])
    #expect(one.instructions == nil && one.question == [.text("choose")])
    let two = ChatHistory([Self.system("a"), ChatMessage(role: .developer, text: "b"), Self.system("")])
    #expect(two.instructions == "a" && two.question == [.text("b")])
    // An assistant's greeting may follow the instructions.
    let greeted = ChatHistory([Self.system("a"), Self.assistant("hello"), Self.user("hi")])
    #expect(greeted.instructions == "a" && greeted.question == [.text("hi")])
  }

  @Test("messages after the last answer are new")
  func parts() {
    let history = ChatHistory([
      Self.user("1"), Self.assistant("2"), Self.user("3"), Self.assistant("4"), Self.user("5"), Self.user("6"),
    ])
    #expect(history.past == [Self.user("1"), Self.assistant("2"), Self.user("3"), Self.assistant("4")])
    #expect(history.present == [Self.user("5"), Self.user("6")])
  }

  @Test("past calls get names that the upstream accepts, and arguments by the schemas offered now")
  func pastCalls() {
    let calls = [
      ChatToolCall(id: "a", name: "web.search", arguments: #"{"q":1}"#),
      ChatToolCall(id: "b", name: "find", arguments: #"{"$filter":1}"#),
      ChatToolCall(id: "c", name: "sum", arguments: "[1]"), ChatToolCall(id: "d", name: "web.search", arguments: "{}"),
    ]
    let history = ChatHistory(
      [Self.user("1"), ChatMessage(role: .assistant, content: [], calls: calls)]
        + ["a", "b", "c", "d"].map { Self.tool("r", $0) })
    let conversation = history.conversation(
      TurnPolicy(),
      offering: [
        FunctionDeclaration(name: "web_search"),
        FunctionDeclaration(
          name: "find", mapping: .renamed([ValueMapping.Name(client: "$filter", upstream: "_filter")])),
        FunctionDeclaration(name: "sum", mapping: .wrapped(in: "arguments")),
      ])
    #expect(
      conversation[1].content == [
        .toolUse(id: "a", name: "mcp__client__web_search-2", input: ["q": 1]),
        .toolUse(id: "b", name: "mcp__client__find", input: ["_filter": 1]),
        .toolUse(id: "c", name: "mcp__client__sum", input: ["arguments": ["arguments": [1]]]),
        .toolUse(id: "d", name: "mcp__client__web_search-2", input: [:]),
      ])
    #expect(
      history.conversation(TurnPolicy())[1].content[1]
        == .toolUse(id: "b", name: "mcp__client__find", input: ["$filter": 1]))
  }

  @Test("function results are new; a history that ends with the assistant has nothing new")
  func news() {
    let ended = ChatHistory([Self.user("1"), Self.assistant("2")])
    #expect(ended.present.isEmpty)
    #expect(ended.results.isEmpty && ended.question.isEmpty)
    let answered = ChatHistory([Self.user("1"), Self.calling("c", "d"), Self.tool("r"), Self.tool("s", "d")])
    #expect(answered.past == [Self.user("1"), Self.calling("c", "d")])
    #expect(answered.results == ["c": FunctionResult([.text("r")]), "d": FunctionResult([.text("s")])])
    #expect(answered.question.isEmpty)
    #expect(answered.preceding.count == 4)
  }

  @Test("an answer's text and calls may come as two messages")
  func merged() {
    let two = ChatHistory([Self.user("1"), Self.assistant("so"), Self.calling("c"), Self.tool("r")])
    let one = ChatHistory([Self.user("1"), Self.calling("c", text: "so"), Self.tool("r")])
    #expect(two == one)
  }

  @Test(
    "every call needs its result, and every result its call",
    arguments: [
      ([user("1"), calling("c"), tool("r")], true), ([user("1"), calling("c"), tool("r"), user("2")], true),
      ([user("1"), calling("c", "d"), tool("s", "d"), tool("r")], true),
      ([user("1"), calling("c"), tool("r"), calling("d"), tool("s", "d")], true),
      ([user("1"), calling("c"), user("2")], false), ([user("1"), calling("c")], false),
      ([user("1"), calling("c", "d"), tool("r")], false), ([user("1"), tool("r")], false),
      ([user("1"), calling("c"), tool("r"), tool("r")], false),
      ([user("1"), calling("c"), tool("r", "x")], false),
      ([user("1"), calling("c"), tool("r"), user("2"), tool("r")], false),
    ])
  func calls(messages: [ChatMessage], isWhole: Bool) throws {
    #expect(try refusal { try ChatHistory(messages).checkCalls() } == (isWhole ? nil : "400 messages -"))
  }

  @Test("calls, results and images are part of the conversation key")
  func unspoken() throws {
    let key = { (messages: [ChatMessage]) in ChatHistory.extend(Self.start, by: messages) }
    var pictured = Self.user("1")
    pictured.content.append(.image(mediaType: "image/png", base64: "AAAA"))
    let keys = [
      key([Self.user("1")]), key([pictured]), key([Self.calling("c")]), key([Self.calling("d")]),
      key([Self.calling("c", text: "x")]), key([Self.tool("r")]), key([Self.tool("r", "d")]),
    ]
    #expect(Set(keys).count == keys.count)
    // Spaces inside the arguments are not: clients write them anew.
    let spaced = ChatMessage(
      role: .assistant, text: "", calls: [ChatToolCall(id: "c", name: "f", arguments: "{ }")])
    #expect(key([spaced]) == key([Self.calling("c")]))
  }

  @Test("only the newest user message's head has options")
  func newestOptions() throws {
    let history = ChatHistory([Self.user("model=a\nx"), Self.user("workspace=w\n\ny"), Self.tool("model=b\n")])
    let (options, rest) = try history.newestOptions()
    var expected = TurnOptions()
    expected.workspace = "w"
    #expect(options == expected)
    #expect(rest.present == [Self.user("model=a\nx"), Self.user("y"), Self.tool("model=b\n")])
    #expect(try refusal { _ = try ChatHistory([Self.user("max-turns=x")]).newestOptions() } == "400 max-turns -")
  }

  @Test("the past has the session and the options, and later ones win")
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

  @Test("an answer's text is never read as options")
  func answersOwnWords() {
    let told = Self.assistant("dangerously-skip-permissions=true\nworkspace=w\n\ntext")
    let history = ChatHistory([Self.user("write me a file of settings"), told, Self.user("go on")])
    #expect(history.pastOptions(TurnPolicy(writesSessionIntoContent: true)) == TurnOptions())
    // They belong to the conversation, as they were told.
    let saved = Self.start.appending(role: "user", text: "write me a file of settings")
      .appending(role: "assistant", text: told.text)
    #expect(history.key(from: Self.start) == saved)
    #expect(history.words.compactMap(\.text).joined().contains("workspace=w"))
  }

  @Test("the head of our answers does not change the conversation key")
  func keys() {
    let bare = ChatHistory([Self.user("1"), Self.assistant("2"), Self.user("3")])
    let headed = ChatHistory([Self.user("1"), Self.assistant("session-id=\(Self.id)\n\n2 "), Self.user("3")])
    let saved = ChatHistory.extend(Self.start, by: ChatHistory([Self.user("1")]).present)
      .appending(role: "assistant", text: "2")
    #expect(bare.key(from: Self.start) == saved)
    #expect(headed.key(from: Self.start) == saved)
    #expect(ChatHistory([Self.user("1"), Self.assistant("x"), Self.user("3")]).key(from: Self.start) != saved)
  }

  // What begins with a slash becomes text where the line for the CLI is written: see ControlMessageTests.
  @Test(
    "a single prompt is passed unchanged",
    arguments: ["hello", "/clear", " /clear", "--help", "@/etc/passwd", "\n/x"])
  func plainPrompt(text: String) {
    #expect(ChatHistory([Self.user(text)]).words == [.text(text)])
  }

  @Test("several user messages are one prompt, with their images")
  func severalMessages() {
    var pictured = Self.user("b")
    pictured.content.append(.image(mediaType: "image/png", base64: "AAAA"))
    #expect(
      ChatHistory([Self.user("/a"), pictured]).words
        == [.text("/a"), .text("b"), .image(mediaType: "image/png", base64: "AAAA")])
  }

  @Test("an unknown history can be sent as text or as a transcript")
  func told() throws {
    let history = ChatHistory([
      Self.user("hi"), Self.assistant("session-id=\(Self.id)\n\nhello"), Self.user("go"), Self.calling("c"),
      Self.tool("7"), Self.user("/now"),
    ])
    let headed = ChatHistory([Self.user("workspace=a\n\nhi"), Self.assistant("b"), Self.user("c")])
    #expect(headed.conversation(TurnPolicy())[0].text == "hi")
    #expect(headed.conversation(TurnPolicy(readsInBandOptions: false))[0].text == "workspace=a\n\nhi")
    #expect(
      history.words == [
        .text(
          """
          This is the conversation so far. Answer its last message.

          User: hi

          Assistant: hello

          User: go

          Assistant: [called f({})]

          Tool result: 7

          User: /now
          """)
      ])
    #expect(
      history.conversation(TurnPolicy()) == [
        ConversationMessage(.user, [.text("hi")]), ConversationMessage(.assistant, [.text("hello")]),
        ConversationMessage(.user, [.text("go")]),
        ConversationMessage(.assistant, [.toolUse(id: "c", name: "mcp__client__f", input: [:])]),
        ConversationMessage(.user, [.toolResult(id: "c", content: [.text("7")], isError: false)]),
        ConversationMessage(.user, [.text("/now")]),
      ])
  }
}
