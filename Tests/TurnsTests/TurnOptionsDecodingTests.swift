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

struct TurnOptionsDecodingTests {
  private static let id = "11111111-2222-4333-8444-555555555555"

  private static var everything: TurnOptions {
    var options = TurnOptions()
    options.workspace = "demo"
    options.sessionID = id
    options.systemPrompt = "p"
    options.appendSystemPrompt = "a"
    options.model = "opus"
    options.effort = .xhigh
    options.allowedTools = ["Bash"]
    options.disallowedTools = ["Edit"]
    options.mcpAllowedTools = ["mcp__a"]
    options.dangerouslySkipPermissions = false
    options.permissionMode = .acceptEdits
    options.maxTurns = 3
    options.maxBudgetUSD = 0.5
    options.fileMentions = true
    options.includePartialMessages = true
    return options
  }

  private static let kebab = """
    {"workspace":"demo","session-id":"\(id)","system-prompt":"p","append-system-prompt":"a","model":"opus",
    "effort":"xhigh","allowed-tools":["Bash"],"disallowed-tools":["Edit"],"mcp-allowed-tools":["mcp__a"],
    "dangerously-skip-permissions":false,"permission-mode":"acceptEdits","max-turns":3,"max-budget-usd":0.5,
    "file-mentions":true,"include-partial-messages":true,"unknown-option":7}
    """

  @Test("an option is found by its name with hyphens or underscores only", arguments: OptionName.allCases)
  func names(option: OptionName) {
    #expect(OptionName(written: option.rawValue[...]) == option)
    #expect(OptionName(written: option.rawValue.replacing("-", with: "_")[...]) == option)
    for other in [option.rawValue.uppercased(), " \(option.rawValue)", "\(option.rawValue)x", "", "max-turns_"] {
      #expect(OptionName(written: other[...]) == nil)
    }
  }

  @Test("every option is a field in kebab-case or snake_case")
  func fields() throws {
    let names = OptionName.allCases
    #expect(names.count == 15)
    #expect(try TurnOptions(fields: object(Self.kebab)) == Self.everything)
    var snake = Self.kebab
    for name in names { snake = snake.replacing("\"\(name.rawValue)\":", with: "\"\(name.snakeCase)\":") }
    #expect(!snake.contains("session-id"))
    #expect(try TurnOptions(fields: object(snake)) == Self.everything)
  }

  @Test("fields with another meaning in a dialect, and nulls, are ignored")
  func exceptions() throws {
    var expected = Self.everything
    expected.model = nil
    #expect(try TurnOptions(fields: object(Self.kebab), except: [.model]) == expected)
    #expect(try TurnOptions(fields: ["workspace": nil, "max-turns": nil, "session_id": nil]) == TurnOptions())
  }

  @Test("metadata options are words, JSON text or lists, and never the model")
  func metadata() throws {
    let metadata = """
      {"workspace":"demo","session-id":"\(Self.id)","system-prompt":"p","append-system-prompt":"a","model":"opus",
      "effort":"xhigh","allowed-tools":"[\\"Bash\\"]","disallowed-tools":"Edit","mcp-allowed-tools":" mcp__a ,",
      "dangerously-skip-permissions":"false","permission-mode":"acceptEdits","max-turns":"3","max-budget-usd":"0.5",
      "file-mentions":"on","include-partial-messages":true,"chat_id":"x"}
      """
    var expected = Self.everything
    expected.model = nil
    #expect(try TurnOptions(metadata: object(metadata)) == expected)
  }

  @Test(
    "metadata with underscores belongs to the client",
    arguments: [
      #"{"session_id":"sess_abc123"}"#, #"{"session_id":"99999999-2222-4333-8444-555555555555"}"#,
      #"{"permission_mode":"whatever"}"#, #"{"max_turns":"many","system_prompt":7,"sessionId":"x"}"#,
    ])
  func metadataOfTheClient(metadata: String) throws {
    #expect(try TurnOptions(metadata: object(metadata)) == TurnOptions())
    #expect(try TurnOptions(object(#"{"metadata":\#(metadata)}"#)) == TurnOptions())
  }

  @Test("a bad option with hyphens in metadata is rejected")
  func badMetadata() throws {
    #expect(try refusal { _ = try TurnOptions(metadata: object(#"{"session-id":"x"}"#)) } == "400 session-id -")
  }

  @Test(
    "a field with a wrong type or value is rejected by its documented name",
    arguments: [
      (#"{"workspace":7}"#, "workspace"), (#"{"workspace":""}"#, "workspace"), (#"{"workspace":"a/b"}"#, "workspace"),
      (#"{"workspace":"a\u0000"}"#, "workspace"), (#"{"session_id":"x"}"#, "session-id"),
      (#"{"session-id":{}}"#, "session-id"), (#"{"system-prompt":["a"]}"#, "system-prompt"),
      (#"{"system_prompt":""}"#, "system-prompt"), (#"{"append-system-prompt":"a\u0000b"}"#, "append-system-prompt"),
      (#"{"model":1}"#, "model"), (#"{"model":""}"#, "model"), (#"{"effort":"none"}"#, "effort"),
      (#"{"allowed-tools":"Bash"}"#, "allowed-tools"), (#"{"allowed-tools":[1]}"#, "allowed-tools"),
      (#"{"allowed_tools":["Bash,Edit"]}"#, "allowed-tools"), (#"{"disallowed-tools":{}}"#, "disallowed-tools"),
      (#"{"mcp-allowed-tools":[""]}"#, "mcp-allowed-tools"),
      (#"{"dangerously-skip-permissions":1}"#, "dangerously-skip-permissions"),
      (#"{"permission-mode":true}"#, "permission-mode"), (#"{"permission-mode":"asks"}"#, "permission-mode"),
      (#"{"max-turns":"3"}"#, "max-turns"), (#"{"max-turns":0}"#, "max-turns"), (#"{"max-turns":1e2}"#, "max-turns"),
      (#"{"max-turns":99999999999999999999}"#, "max-turns"), (#"{"max-budget-usd":-1}"#, "max-budget-usd"),
      (#"{"max-budget-usd":"1"}"#, "max-budget-usd"), (#"{"file-mentions":"yes"}"#, "file-mentions"),
      (#"{"include-partial-messages":[]}"#, "include-partial-messages"),
    ])
  func mistakes(fields: String, param: String) throws {
    #expect(try refusal { _ = try TurnOptions(fields: object(fields)) } == "400 \(param) -")
  }

  @Test("the first of two places wins, option by option")
  func merging() throws {
    var first = TurnOptions()
    first.workspace = "first"
    first.maxTurns = 1
    var expected = Self.everything
    expected.workspace = "first"
    expected.maxTurns = 1
    #expect(first.merging(Self.everything) == expected)
    #expect(Self.everything.merging(first) == Self.everything)
    #expect(TurnOptions().merging(Self.everything) == Self.everything)
  }

  private static var asking: TurnOptions {
    var options = TurnOptions()
    options.permissionMode = .manual
    options.forwardsQuestions = true
    return options
  }

  @Test("ask is the default mode with forwarded permission requests")
  func asking() throws {
    #expect(try TurnOptions(fields: object(#"{"permission-mode":"ask"}"#)) == Self.asking)
    #expect(try TurnOptions(fields: object(#"{"permission_mode":"ask"}"#)) == Self.asking)
    #expect(try TurnOptions(metadata: object(#"{"permission-mode":"ask"}"#)) == Self.asking)
    #expect(
      try refusal { _ = try TurnOptions(fields: object(#"{"permission-mode":"Ask"}"#)) } == "400 permission-mode -")
  }

  @Test("the mode given last wins, and of two places the first")
  func askingOrNot() throws {
    var options = Self.asking
    try options.set(.permissionMode, "plan")
    var plan = TurnOptions()
    plan.permissionMode = .plan
    #expect(options == plan)
    #expect(plan.merging(Self.asking) == plan)
    #expect(Self.asking.merging(plan) == Self.asking)
    try options.set(.permissionMode, "ask")
    #expect(options == Self.asking)
  }
}
