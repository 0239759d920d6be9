import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import ClaudeCode
@testable import Turns
@testable import Workspaces

@Reactor
struct TurnFactoryTests {
  private let harness = FactoryHarness()

  @Test("a first turn starts a session in an existing directory")
  func first() throws {
    var options = TurnOptions()
    options.workspace = "demo"
    options.model = "opus"
    options.sessionID = "ignored"
    let turn = try harness.turn(options)
    options.sessionID = nil
    var expected = Turn(
      prompt: "p", session: .new(id: "10000000-2222-4333-8444-555555555555"),
      directory: "\(harness.directory.path)/workspace/demo", workspaceBase: harness.directory.path, options: options)
    expected.defaultPermissionMode = .manual
    #expect(turn == expected)
    var record = SessionRecord(id: turn.session.id, principal: "me", options: options)
    record.created = Timestamp(milliseconds: 0)
    record.lastUsed = record.created
    #expect(harness.sessions.record(turn.session.id) == record)
    let shared = try harness.turn()
    #expect(shared.directory == "\(harness.directory.path)/shared_workspace")
    #expect(shared.workspaceBase == harness.directory.path)
  }

  @Test("commands need the highest ceiling, and every turn carries the ceiling")
  func prompts() throws {
    let open = try harness.factory.makePromptTurn("/init", options: TurnOptions(), continuing: nil, for: .of()).turn
    #expect(open.takesCommands)
    #expect(open.content == [.text("/init")])
    #expect(open.permissionMode == .manual)
    let bounded = FactoryHarness(policy: TurnPolicy(ceiling: .acceptEdits, toolRules: ["Read"]))
    #expect(
      try refusal {
        _ = try bounded.factory.makePromptTurn("/init", options: TurnOptions(), continuing: nil, for: .of())
      } == "403 prompt permission_ceiling")
    let turn = try bounded.turn()
    #expect(!turn.takesCommands)
    #expect(turn.permissionMode == .manual)
    #expect(turn.toolCeiling == ToolCeiling(rules: ["Read"], ceiling: .acceptEdits))
    #expect(try bounded.factory.plainTurn().permissionMode == .manual)
  }

  @Test("the next turn inherits the session's options")
  func inheriting() throws {
    var options = TurnOptions()
    options.workspace = "demo"
    options.systemPrompt = "s"
    options.maxTurns = 1
    let first = try harness.turn(options)
    let record = try #require(try harness.factory.record(first.session.id, for: Principal.me))
    var again = TurnOptions()
    again.systemPrompt = "t"
    let second = try harness.turn(again, continuing: record)
    #expect(second.session == .resume(id: first.session.id))
    #expect(second.directory == first.directory)
    #expect(second.options.systemPrompt == "t")
    #expect(second.options.maxTurns == nil)
  }

  @Test("an inherited model is the CLI's name, whatever the client called it")
  func inheritedModel() throws {
    let models = try ModelCatalog(JSONValue(parsing: #"{"models":[{"id":"gpt-4o","cli_model":"sonnet"}]}"#))
    let harness = FactoryHarness(models: models)
    var options = TurnOptions()
    options.model = "gpt-4o"
    let first = try harness.turn(options)
    #expect(first.options.model == "sonnet")
    let record = try harness.factory.record(first.session.id, for: Principal.me)
    #expect(try harness.turn(continuing: record).options.model == "sonnet")
  }

  @Test("naming the default model resets an inherited one")
  func defaultModel() throws {
    var options = TurnOptions()
    options.model = "opus"
    let record = try harness.factory.record(try harness.turn(options).session.id, for: Principal.me)
    options.model = "claude-code"
    #expect(try harness.turn(options, continuing: record).options.model == nil)
  }

  @Test("an unknown session is continued by admins only; another principal's by nobody")
  func records() throws {
    let id = "99999999-2222-4333-8444-555555555555"
    #expect(try harness.factory.record(nil, for: Principal.me) == nil)
    #expect(
      try harness.factory.record(id, for: Principal.admin)
        == SessionRecord(id: id, principal: "admin", options: TurnOptions()))
    let unknown = #expect(throws: RequestError.self) { try harness.factory.record(id, for: Principal.me) }
    #expect(unknown?.summary == "404 session-id session_not_found")
    harness.sessions.save(SessionRecord(id: id, principal: "you", options: TurnOptions()))
    for principal in [Principal.me, Principal.admin] {
      let foreign = #expect(throws: RequestError.self) { try harness.factory.record(id, for: principal) }
      #expect(foreign == unknown)
    }
  }

  @Test("an MCP configuration that cannot be written is a server error with its own code")
  func unusableMCP() throws {
    harness.directory.write("", to: "scratch")
    var options = TurnOptions()
    options.mcpAllowedTools = ["mcp__a__x"]
    #expect(
      throws: RequestError(
        500, type: "server_error", code: "mcp_config_unusable",
        message: "The configuration of the MCP servers cannot be used: Not a directory")
    ) { try harness.turn(options) }
  }

  @Test("unknown MCP tools are dropped with a warning; known ones get a configuration")
  func mcpTools() throws {
    var options = TurnOptions()
    options.mcpAllowedTools = ["mcp__a__x", "mcp__z__y", "Bash"]
    let turn = try harness.turn(options)
    #expect(turn.options.mcpAllowedTools == ["mcp__a__x"])
    let path = try #require(turn.mcpConfigPath)
    #expect(String(decoding: fileContents(path), as: UTF8.self) == #"{"mcpServers":{"a":{"command":"x"}}}"#)
    #expect(harness.warnings == ["unknown MCP tools dropped: mcp__z__y, Bash"])
  }

  @Test("without MCP tools there is no configuration and no warning", arguments: [nil, []] as [[String]?])
  func noTools(tools: [String]?) throws {
    var options = TurnOptions()
    options.mcpAllowedTools = tools
    #expect(try harness.turn(options).mcpConfigPath == nil)
    #expect(harness.warnings.isEmpty)
  }

  @Test("a rejected turn creates nothing")
  func refused() throws {
    var options = TurnOptions()
    options.workspace = "../x"
    #expect(try refusal { _ = try harness.turn(options) } == "400 workspace -")
    options.workspace = "demo"
    options.model = "gpt-4o"
    #expect(try refusal { _ = try harness.turn(options) } == "404 model model_not_found")
    #expect(harness.sessions.count == 0)
    #expect(try FileContents.read("\(harness.directory.path)/workspace") == nil)
  }
}
