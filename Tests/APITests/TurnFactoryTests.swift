import Bytes
import EventLoop
import HTTP
import HTTPServer
import Identity
import Telemetry
import TestSupport
import Testing

@testable import API
@testable import Turns
@testable import ClaudeCode
@testable import Workspaces

/// A factory over a temporary directory, with two configured MCP servers.
@Reactor
final class FactoryStage {
  let directory = TemporaryDirectory()
  let factory: TurnFactory
  let sessions = SessionStore()
  /// Of the turn that was made last.
  private(set) var warnings: [String] = []

  init(models: ModelCatalog = .builtIn, policy: TurnPolicy = TurnPolicy()) {
    var next = 0
    factory = TurnFactory(
      workspaces: WorkspaceManager(base: directory.path),
      mcpLoader: MCPConfigLoader(path: "", scratch: "\(directory.path)/scratch"),
      mcp: MCPConfiguration(servers: ["a": ["command": "x"], "b": [:]]), models: models, policy: policy,
      sessions: sessions
    ) {
      next += 1
      return "\(next)0000000-2222-4333-8444-555555555555"
    }
  }

  nonisolated static let me = Principal(id: "me", name: "me")
  nonisolated static let admin = Principal(id: "admin", name: "admin", isAdmin: true)

  func turn(_ options: TurnOptions = TurnOptions(), continuing session: SessionRecord? = nil) throws -> Turn {
    let turn: Turn
    (turn, warnings) = try factory.makeTurn(content: [.text("p")], options: options, continuing: session, for: .of())
    factory.began(.idle(ManualScheduler(), of: turn), for: Self.me)
    return turn
  }
}

@Reactor
struct TurnFactoryTests {
  private let stage = FactoryStage()

  @Test("a first turn begins a session, in a directory that is there")
  func first() throws {
    var options = TurnOptions()
    options.workspace = "demo"
    options.model = "opus"
    options.sessionID = "ignored"
    let turn = try stage.turn(options)
    options.sessionID = nil
    var expected = Turn(
      prompt: "p", session: .new(id: "10000000-2222-4333-8444-555555555555"),
      directory: "\(stage.directory.path)/workspace/demo", workspaceBase: stage.directory.path, options: options)
    expected.defaultPermissionMode = .manual
    #expect(turn == expected)
    var record = SessionRecord(id: turn.session.id, principal: "me", options: options)
    record.created = Timestamp(milliseconds: 0)
    record.lastUsed = record.created
    #expect(stage.sessions.record(turn.session.id) == record)
    let shared = try stage.turn()
    #expect(shared.directory == "\(stage.directory.path)/shared_workspace")
    #expect(shared.workspaceBase == stage.directory.path)
  }

  @Test("a prompt is a command only where commands are taken, and a ceiling is passed on to every turn")
  func prompts() throws {
    let open = try stage.factory.makePromptTurn("/init", options: TurnOptions(), continuing: nil, for: .of()).turn
    #expect(open.takesCommands)
    #expect(open.content == [.text("/init")])
    #expect(open.permissionMode == .manual)
    let bounded = FactoryStage(policy: TurnPolicy(ceiling: .acceptEdits, toolRules: ["Read"]))
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
    let first = try stage.turn(options)
    let record = try #require(try stage.factory.record(first.session.id, for: FactoryStage.me))
    var again = TurnOptions()
    again.systemPrompt = "t"
    let second = try stage.turn(again, continuing: record)
    #expect(second.session == .resume(id: first.session.id))
    #expect(second.directory == first.directory)
    #expect(second.options.systemPrompt == "t")
    #expect(second.options.maxTurns == nil)
  }

  @Test("an inherited model is what the CLI was told, even if clients know it by another name")
  func inheritedModel() throws {
    let models = try ModelCatalog(JSONValue(parsing: #"{"models":[{"id":"gpt-4o","cli_model":"sonnet"}]}"#))
    let stage = FactoryStage(models: models)
    var options = TurnOptions()
    options.model = "gpt-4o"
    let first = try stage.turn(options)
    #expect(first.options.model == "sonnet")
    let record = try stage.factory.record(first.session.id, for: FactoryStage.me)
    #expect(try stage.turn(continuing: record).options.model == "sonnet")
  }

  @Test("naming the default model is a choice too")
  func defaultModel() throws {
    var options = TurnOptions()
    options.model = "opus"
    let record = try stage.factory.record(try stage.turn(options).session.id, for: FactoryStage.me)
    options.model = "claude-code"
    #expect(try stage.turn(options, continuing: record).options.model == nil)
  }

  @Test("a session that only the CLI may know is continued by admins alone; somebody else's by nobody")
  func records() throws {
    let id = "99999999-2222-4333-8444-555555555555"
    #expect(try stage.factory.record(nil, for: FactoryStage.me) == nil)
    #expect(
      try stage.factory.record(id, for: FactoryStage.admin)
        == SessionRecord(id: id, principal: "admin", options: TurnOptions()))
    let unknown = #expect(throws: RequestError.self) { try stage.factory.record(id, for: FactoryStage.me) }
    #expect(unknown?.summary == "404 session-id session_not_found")
    stage.sessions.save(SessionRecord(id: id, principal: "you", options: TurnOptions()))
    for principal in [FactoryStage.me, FactoryStage.admin] {
      let foreign = #expect(throws: RequestError.self) { try stage.factory.record(id, for: principal) }
      #expect(foreign == unknown)
    }
  }

  @Test("an MCP configuration that cannot be handed on is the server's error, with a code of its own")
  func unusableMCP() throws {
    stage.directory.write("", to: "scratch")
    var options = TurnOptions()
    options.mcpAllowedTools = ["mcp__a__x"]
    #expect(
      throws: RequestError(
        500, type: "server_error", code: "mcp_config_unusable",
        message: "The configuration of the MCP servers cannot be used: Not a directory")
    ) { try stage.turn(options) }
  }

  @Test("unknown MCP tools are dropped with a warning, known ones get their configuration")
  func mcpTools() throws {
    var options = TurnOptions()
    options.mcpAllowedTools = ["mcp__a__x", "mcp__z__y", "Bash"]
    let turn = try stage.turn(options)
    #expect(turn.options.mcpAllowedTools == ["mcp__a__x"])
    let path = try #require(turn.mcpConfigPath)
    #expect(String(decoding: fileContents(path), as: UTF8.self) == #"{"mcpServers":{"a":{"command":"x"}}}"#)
    #expect(stage.warnings == ["unknown MCP tools dropped: mcp__z__y, Bash"])
  }

  @Test("without MCP tools there is no configuration and no warning", arguments: [nil, []] as [[String]?])
  func noTools(tools: [String]?) throws {
    var options = TurnOptions()
    options.mcpAllowedTools = tools
    #expect(try stage.turn(options).mcpConfigPath == nil)
    #expect(stage.warnings.isEmpty)
  }

  @Test("what is refused leaves nothing behind")
  func refused() throws {
    var options = TurnOptions()
    options.workspace = "../x"
    #expect(try refusal { _ = try stage.turn(options) } == "400 workspace -")
    options.workspace = "demo"
    options.model = "gpt-4o"
    #expect(try refusal { _ = try stage.turn(options) } == "404 model model_not_found")
    #expect(stage.sessions.count == 0)
    #expect(try FileContents.read("\(stage.directory.path)/workspace") == nil)
  }
}

extension ConversationPlan {
  /// The turn to run; one that is none where a parked run goes on.
  fileprivate var turn: Turn {
    if case .turn(let turn) = work { turn } else { Turn(prompt: "", session: .new(id: "resumption"), directory: "") }
  }
}

/// Which session a chat continues.
@Reactor
struct ConversationPlanTests {
  private let stage = FactoryStage()

  private func plan(
    _ messages: String, _ fields: String = "", header: String? = nil, for principal: Principal = FactoryStage.me
  ) async throws -> ConversationPlan {
    let request = try ChatCompletionRequest(object(#"{"messages":[\#(messages)]\#(fields)}"#))
    return try await Conversations(turns: stage.factory, retryTimeout: .seconds(5)).plan(
      request.conversation, try ChatConversation(request.conversation, for: principal, stage.factory.policy),
      for: .of(principal), headerSession: header)
  }

  private func user(_ text: String) -> String { #"{"role":"user","content":"\#(text)"}"# }
  private func assistant(_ text: String) -> String { #"{"role":"assistant","content":"\#(text)"}"# }

  /// A turn that ended well.
  private func complete(_ plan: ConversationPlan, _ answer: String, _ principal: Principal = FactoryStage.me) {
    let run = Run.idle(ManualScheduler(), of: plan.turn)
    stage.factory.began(run, for: principal)
    let said = ChatMessage(role: .assistant, text: answer)
    stage.factory.conversationAdvanced(run, to: ChatHistory.extend(plan.place.key, by: [said]))
  }

  @Test("a conversation that comes back finds its session, and only its news is told")
  func continued() async throws {
    let first = try await plan(user("hi"))
    #expect(first.turn.session == .new(id: "10000000-2222-4333-8444-555555555555"))
    #expect(first.turn.prompt == "hi")
    #expect(first.turn.retryTimeout == .seconds(5))
    complete(first, "hello")
    let second = try await plan([user("hi"), assistant(" hello\\n"), user("more")].joined(separator: ","))
    #expect(second.turn.session == .resume(id: first.turn.session.id))
    #expect(second.turn.prompt == "more")
    complete(second, "ok")
    let third = try await plan(
      [user("hi"), assistant("hello"), user("more"), assistant("ok"), user("end")].joined(separator: ","))
    #expect(third.turn.session == .resume(id: first.turn.session.id))
  }

  @Test("options written into the first message still hold in the next turn, without being repeated")
  func inBandOptions() async throws {
    let first = try await plan(user("workspace=demo\\n\\nhi"))
    complete(first, "hello")
    let second = try await plan(
      [user("workspace=demo\\n\\nhi"), assistant("hello"), user("more")].joined(separator: ","))
    #expect(second.turn.session == .resume(id: first.turn.session.id))
    #expect(second.turn.directory == "\(stage.directory.path)/workspace/demo")
    #expect(second.turn.prompt == "more")
  }

  @Test("an answer that looks like options is found again")
  func answerLikeOptions() async throws {
    let first = try await plan(user("write settings"))
    complete(first, "model=opus\ndangerously-skip-permissions=true")
    let second = try await plan(
      [user("write settings"), assistant("model=opus\\ndangerously-skip-permissions=true"), user("more")]
        .joined(separator: ","))
    #expect(second.turn.session == .resume(id: first.turn.session.id))
    #expect(second.turn.options.effectivePermissionMode == nil)
  }

  @Test("a changed message is another conversation, told to a new session as its own messages")
  func branched() async throws {
    complete(try await plan(user("hi")), "hello")
    let other = try await plan([user("HI"), assistant("hello"), user("more")].joined(separator: ","))
    guard case .imported(let id, let transcript, let fallback) = other.turn.session else {
      Issue.record("the session is \(other.turn.session)")
      return
    }
    #expect(id == "20000000-2222-4333-8444-555555555555")
    #expect(
      transcript.messages == [
        ConversationMessage(.user, [.text("HI")]), ConversationMessage(.assistant, [.text("hello")]),
      ])
    #expect(other.turn.prompt == "more")
    let told = fallback.content.compactMap(\.text).joined()
    #expect(told.hasPrefix("This is the conversation so far."))
    #expect(told.hasSuffix("User: more"))
  }

  @Test("an image before the first question is told, for in a user line the CLI names its file to the model")
  func firstImage() async throws {
    let image = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}"#
    let plan = try await plan(#"{"role":"user","content":[\#(image),{"type":"text","text":"what is it?"}]}"#)
    guard case .imported(_, let transcript, let fallback) = plan.turn.session else {
      Issue.record("the session is \(plan.turn.session)")
      return
    }
    #expect(transcript.messages.count == 1 && transcript.messages[0].content.contains { $0.text == nil })
    #expect(plan.turn.prompt == "what is it?")
    #expect(fallback.content.count == 2)
  }

  @Test("a history never finds somebody else's session, nor one with other settings")
  func strangers() async throws {
    let first = try await plan(user("hi"))
    complete(first, "hello")
    let messages = [user("hi"), assistant("hello"), user("more")].joined(separator: ",")
    let stranger = try await plan(messages, for: Principal(id: "you", name: "you"))
    #expect(stranger.turn.session != .resume(id: first.turn.session.id))
    let elsewhere = try await plan(messages, #","workspace":"other""#)
    #expect(elsewhere.turn.session != .resume(id: first.turn.session.id))
    let again = try await plan(messages)
    #expect(again.turn.session == .resume(id: first.turn.session.id))
  }

  @Test(
    "a session may be named: by field, by metadata, by header, by a previous answer",
    arguments: [
      #","session-id":"aaaaaaaa-2222-4333-8444-555555555555""#,
      #","metadata":{"session_id":"aaaaaaaa-2222-4333-8444-555555555555"}"#, "header", "answer", "in-band",
    ])
  func named(way: String) async throws {
    let id = "aaaaaaaa-2222-4333-8444-555555555555"
    stage.sessions.begin(id, for: FactoryStage.me.id, TurnOptions())
    let plan =
      switch way {
      case "header": try await plan(user("hi"), header: id)
      case "answer":
        try await plan([user("a"), assistant("session-id=\(id)\\n\\nb"), user("hi")].joined(separator: ","))
      case "in-band": try await plan(user("session-id=\(id)\\nhi"))
      default: try await plan(user("hi"), way)
      }
    #expect(plan.turn.session == .resume(id: id))
    #expect(plan.turn.prompt == "hi")
    #expect(plan.work.sessionID == id)
  }

  @Test("system messages are the system prompt, given anew with every request")
  func instructions() async throws {
    let first = try await plan(#"{"role":"system","content":"be brief"},\#(user("hi"))"#)
    #expect(first.turn.options.systemPrompt == "be brief")
    complete(first, "hello")
    let second = try await plan(
      [#"{"role":"system","content":"be long"}"#, user("hi"), assistant("hello"), user("more")].joined(separator: ","))
    #expect(second.turn.session == .resume(id: first.turn.session.id))
    #expect(second.turn.options.systemPrompt == "be long")
  }
}
