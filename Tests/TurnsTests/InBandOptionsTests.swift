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

struct InBandOptionsTests {
  private static let id = "11111111-2222-4333-8444-555555555555"

  /// A message, and what of it is options and what is text.
  struct Message: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    let options: TurnOptions

    init(_ message: String, text: String, set: (inout TurnOptions) -> Void = { _ in }) {
      var options = TurnOptions()
      set(&options)
      testDescription = message
      self.text = text
      self.options = options
    }
  }

  private static let messages = [
    Message("hello", text: "hello"),
    Message("", text: ""),
    Message("workspace=demo\nhello", text: "hello") { $0.workspace = "demo" },
    Message("workspace=demo\n\nhello", text: "hello") { $0.workspace = "demo" },
    Message("workspace=demo\n \t\nhello", text: "hello") { $0.workspace = "demo" },
    Message("workspace=demo\n\n\nhello", text: "\nhello") { $0.workspace = "demo" },
    Message("workspace=demo\r\nmodel=opus\r\n\r\nhello\r\nyou", text: "hello\r\nyou") {
      $0.workspace = "demo"
      $0.model = "opus"
    },
    Message("workspace=demo", text: "") { $0.workspace = "demo" },
    Message("workspace=demo\n", text: "") { $0.workspace = "demo" },
    Message("session-id=\(id.uppercased())\nsession_id=\(id)\nx", text: "x") { $0.sessionID = id },
    Message("workspace=a\nworkspace=b\nx", text: "x") { $0.workspace = "b" },
    Message("system-prompt=a=b, c \nx", text: "x") { $0.systemPrompt = "a=b, c " },
    Message("append_system_prompt=é😀\nx", text: "x") { $0.appendSystemPrompt = "é😀" },
    Message("effort=high\nx", text: "x") { $0.effort = .high },
    Message(#"allowed-tools=["Bash(git log:*)","Edit"]\#nx"#, text: "x") {
      $0.allowedTools = ["Bash(git log:*)", "Edit"]
    },
    Message("allowed-tools=[]\nx", text: "x") { $0.allowedTools = [] },
    Message("allowed-tools=Bash(a, b), Edit ,,Read\nx", text: "x") {
      $0.allowedTools = ["Bash(a, b)", "Edit", "Read"]
    },
    Message("disallowed-tools=Write\nx", text: "x") { $0.disallowedTools = ["Write"] },
    Message("mcp-allowed-tools=mcp__a__b\nx", text: "x") { $0.mcpAllowedTools = ["mcp__a__b"] },
    Message("dangerously-skip-permissions=true\nx", text: "x") { $0.dangerouslySkipPermissions = true },
    Message("permission-mode=default\nx", text: "x") { $0.permissionMode = .manual },
    Message("permission-mode=ask\nx", text: "x") {
      $0.permissionMode = .manual
      $0.forwardsQuestions = true
    },
    Message("permission_mode=ask\npermission-mode=plan\nx", text: "x") { $0.permissionMode = .plan },
    Message("max-turns=5\nmax-budget-usd=0.5\nx", text: "x") {
      $0.maxTurns = 5
      $0.maxBudgetUSD = 0.5
    },
    Message("file-mentions=on\ninclude-partial-messages=false\nx", text: "x") {
      $0.fileMentions = true
      $0.includePartialMessages = false
    },
    // What is no option line begins the text, and nothing is read behind it.
    Message("foo=bar\nworkspace=demo\nhello", text: "foo=bar\nworkspace=demo\nhello"),
    Message("workspace=demo\nfoo=bar\nmodel=opus", text: "foo=bar\nmodel=opus") { $0.workspace = "demo" },
    Message("hello\ndangerously-skip-permissions=true", text: "hello\ndangerously-skip-permissions=true"),
    Message("\ndangerously-skip-permissions=true", text: "\ndangerously-skip-permissions=true"),
    Message("workspace=demo\n\ndangerously-skip-permissions=true", text: "dangerously-skip-permissions=true") {
      $0.workspace = "demo"
    },
    Message(" workspace=demo\nx", text: " workspace=demo\nx"),
    Message("workspace =demo\nx", text: "workspace =demo\nx"),
    Message("Workspace=demo\nx", text: "Workspace=demo\nx"),
    Message("workspace: demo\nx", text: "workspace: demo\nx"),
    Message("> workspace=demo\nx", text: "> workspace=demo\nx"),
    Message("=demo\nx", text: "=demo\nx"),
    Message("workspace\nx", text: "workspace\nx"),
    Message("max_turns_=5\nx", text: "max_turns_=5\nx"),
  ]

  @Test("options are lines at the very start only", arguments: messages)
  func reading(message: Message) throws {
    let read = try InBandOptions(message: message.testDescription)
    #expect(read.options == message.options)
    #expect(read.text == message.text)
    let lenient = InBandOptions(lenient: message.testDescription)
    #expect(lenient.options == message.options)
    #expect(lenient.text == message.text)
  }

  @Test(
    "a known key with a bad value is rejected by name",
    arguments: [
      ("workspace=../x", "workspace"), ("workspace=", "workspace"), ("session-id=abc", "session-id"),
      ("system-prompt=", "system-prompt"), ("effort=extreme", "effort"), ("allowed-tools=[\"Bash\"", "allowed-tools"),
      ("allowed-tools=[1]", "allowed-tools"), ("allowed-tools=Bash Edit", "allowed-tools"),
      ("dangerously-skip-permissions=yes", "dangerously-skip-permissions"),
      ("dangerously-skip-permissions=", "dangerously-skip-permissions"), ("permission-mode=all", "permission-mode"),
      ("max-turns=0", "max-turns"), ("max-turns=-1", "max-turns"), ("max-turns=1.5", "max-turns"),
      ("max-turns=many", "max-turns"), ("max-budget-usd=0", "max-budget-usd"), ("max-budget-usd=x", "max-budget-usd"),
      ("max-budget-usd=1e999", "max-budget-usd"), ("file-mentions=1", "file-mentions"),
      ("include_partial_messages=maybe", "include-partial-messages"),
    ])
  func mistakes(line: String, param: String) throws {
    #expect(try refusal { _ = try InBandOptions(message: "\(line)\n\nhello") } == "400 \(param) -")
  }

  @Test("in a past message a bad line starts the text")
  func lenient() {
    let read = InBandOptions(lenient: "model=opus\nworkspace=../x\n\nhello")
    #expect(read.options.model == "opus")
    #expect(read.options.workspace == nil)
    #expect(read.text == "workspace=../x\n\nhello")
  }

  @Test("options written into an answer are read back")
  func roundTrip() throws {
    var options = TurnOptions()
    options.workspace = "demo"
    options.systemPrompt = "be=brief"
    options.appendSystemPrompt = "é"
    options.allowedTools = ["Bash(git log:*)", "Edit(\"a\")"]
    options.disallowedTools = []
    options.mcpAllowedTools = ["mcp__a"]
    options.permissionMode = .plan
    options.fileMentions = false
    let head = InBandOptions.lines(for: options, sessionID: Self.id)
    #expect(
      head == """
        session-id=\(Self.id)
        workspace=demo
        system-prompt=be=brief
        append-system-prompt=é
        allowed-tools=["Bash(git log:*)","Edit(\\"a\\")"]
        disallowed-tools=[]
        mcp-allowed-tools=["mcp__a"]
        permission-mode=plan
        file-mentions=false


        """)
    let read = try InBandOptions(message: head + "model=opus is what I would write")
    options.sessionID = Self.id
    #expect(read.options == options)
    #expect(read.text == "model=opus is what I would write")
  }

  @Test("the ask mode is written and read back")
  func asking() throws {
    var options = TurnOptions()
    options.permissionMode = .manual
    options.forwardsQuestions = true
    let head = InBandOptions.lines(for: options, sessionID: Self.id)
    #expect(head == "session-id=\(Self.id)\npermission-mode=ask\n\n")
    options.sessionID = Self.id
    #expect(try InBandOptions(message: head).options == options)
  }

  @Test("a multi-line system prompt is not written")
  func severalLines() {
    var options = TurnOptions()
    options.systemPrompt = "a\ndangerously-skip-permissions=true"
    #expect(InBandOptions.lines(for: options, sessionID: Self.id) == "session-id=\(Self.id)\n\n")
  }
}
