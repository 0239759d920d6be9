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

struct ModelCatalogTests {
  @Test(
    "built-in models and full names are known",
    arguments: [
      ("claude-code", nil), ("opus", "opus"), ("sonnet", "sonnet"), ("haiku", "haiku"),
      ("claude-opus-5-5", "claude-opus-5-5"), ("claude-x[1m]", "claude-x[1m]"), ("default", nil),
      ("opusplan", "opusplan"), ("sonnet[1m]", "sonnet[1m]"), ("opus[1m]", "opus[1m]"),
      ("claude-\(String(repeating: "x", count: 121))", "claude-\(String(repeating: "x", count: 121))"),
    ] as [(String, String?)])
  func known(id: String, cliName: String?) throws {
    #expect(try ModelCatalog.builtIn.cliModel(for: id) == cliName)
    #expect(ModelCatalog.builtIn.model(id)?.id == id)
  }

  @Test(
    "other names are unknown",
    arguments: [
      "", "gpt-4o", "haiku[1m]", "Default", "opusplan ", "Opus", "claude", "CLAUDE-CODE", "claude-a b", "claude-\n",
      "claude-é", " opus",
      "claude-\(String(repeating: "x", count: 122))",
    ])
  func unknown(id: String) throws {
    #expect(try refusal { _ = try ModelCatalog.builtIn.cliModel(for: id) } == "404 model model_not_found")
    #expect(ModelCatalog.builtIn.model(id) == nil)
  }

  @Test("without a name the CLI chooses")
  func none() throws {
    #expect(try ModelCatalog.builtIn.cliModel(for: nil) == nil)
  }

  @Test("a configured table replaces the built-in one")
  func table() throws {
    let catalog = try ModelCatalog(
      JSONValue(
        parsing: #"{"models":[{"id":"gpt-4o","cli_model":"sonnet","created":7,"owned_by":"me","display_name":"Four"},"#
          + #"{"id":"fast","cli_model":null},{"id":"plain"}]}"#))
    #expect(try catalog.cliModel(for: "gpt-4o") == "sonnet")
    #expect(try catalog.cliModel(for: "fast") == nil)
    #expect(try catalog.cliModel(for: "plain") == "plain")
    // What requests without a model mean, also where the table leaves it out.
    #expect(try catalog.cliModel(for: "claude-code") == nil)
    for other in ["sonnet", "default", "opusplan", "sonnet[1m]"] {
      #expect(try refusal { _ = try catalog.cliModel(for: other) } == "404 model model_not_found")
    }
    #expect(catalog.models.map(\.created) == [7, 0, 0])
    #expect(catalog.models.map(\.displayName) == ["Four", "fast", "plain"])
    #expect(catalog.models.map(\.ownedBy) == ["me", "anthropic", "anthropic"])
  }

  @Test(
    "an invalid table is rejected",
    arguments: [
      ("{}", "\"models\" must be a non-empty array"), (#"{"models":[]}"#, "\"models\" must be a non-empty array"),
      (#"{"models":{}}"#, "\"models\" must be a non-empty array"),
      (#"{"models":[{}]}"#, "every model needs an \"id\""),
      (#"{"models":[{"id":""}]}"#, "every model needs an \"id\""), (#"{"models":[7]}"#, "every model needs an \"id\""),
      (#"{"models":[{"id":"a"},{"id":"a"}]}"#, "duplicate model: a"),
      (#"{"models":[{"id":"a","options":[]}]}"#, "model a: \"options\" must be an object"),
      (#"{"models":[{"id":"a","options":{"alowed-tools":[]}}]}"#, "model a: unknown option alowed-tools"),
      (#"{"models":[{"id":"a","options":{"model":"opus"}}]}"#, "model a: the option model cannot be part of a preset"),
      (
        #"{"models":[{"id":"a","options":{"session_id":"x"}}]}"#,
        "model a: the option session_id cannot be part of a preset"
      ),
      (
        #"{"models":[{"id":"a","options":{"include-partial-messages":true}}]}"#,
        "model a: the option include-partial-messages cannot be part of a preset"
      ),
      (#"{"models":[{"id":"a","options":{"max-turns":0}}]}"#, "model a: max-turns must be a positive integer"),
      (#"{"models":[{"id":"a","options":{"effort":null}}]}"#, "model a: effort must be a non-empty string"),
    ])
  func broken(table: String, reason: String) {
    #expect(throws: ModelCatalog.CatalogError.invalid(reason)) { try ModelCatalog(JSONValue(parsing: table)) }
  }

  @Test("an entry may carry options, which make it a preset")
  func presets() throws {
    let catalog = try ModelCatalog(
      JSONValue(
        parsing: #"{"models":[{"id":"agent","cli_model":"opus","context_length":5,"options":{"allowed_tools":["Read"],"#
          + #""workspace":"w","permission-mode":"plan","effort":"low","max-turns":3,"builtin-tools":true}},"#
          + #"{"id":"plain","options":{}},{"id":"null","options":null}]}"#))
    var options = TurnOptions()
    options.allowedTools = ["Read"]
    options.workspace = "w"
    options.permissionMode = .plan
    options.effort = .low
    options.maxTurns = 3
    options.builtInTools = .all
    #expect(catalog.models.map(\.options) == [options, TurnOptions(), TurnOptions()])
    #expect(catalog.models.map(\.isPreset) == [true, false, false])
    #expect(catalog.models.map(\.contextLength) == [5, nil, nil])
    #expect(catalog.isPreset("agent") && !catalog.isPreset("plain") && !catalog.isPreset("x") && !catalog.isPreset(nil))
    #expect(ModelCatalog.builtIn.models.filter(\.isPreset) == [])
  }

  // MARK: The account

  private static func account(_ rows: (String, String?)...) -> [AccountModels.Model] {
    rows.map { AccountModels.Model(name: $0.0, fullName: $0.1, displayName: $0.0.uppercased()) }
  }

  @Test("the built-in list is completed with the models of the account, aliases before full names")
  func account() throws {
    let account = Self.account(("default", "claude-o-1"), ("opus", "claude-o-1"), ("fable", "claude-f-1"), ("x", nil))
    let catalog = ModelCatalog.builtIn.completed(with: account, ["claude-o-1": 7, "claude-f-1": 9, "sonnet": 5])
    #expect(
      catalog.models.map(\.id) == [
        "claude-code", "opus", "sonnet", "haiku", "fable", "x", "claude-o-1", "claude-f-1",
      ])
    #expect(catalog.models.map(\.contextLength) == [7, 7, 5, nil, 9, nil, 7, 9])
    #expect(catalog.models[4].displayName == "FABLE" && catalog.models[1].displayName == "Claude Opus")
    #expect(try catalog.cliModel(for: "fable") == "fable")
    #expect(try refusal { _ = try ModelCatalog.builtIn.cliModel(for: "fable") } == "404 model model_not_found")
  }

  @Test("a table of the operator stays the list, and gets the context lengths that it leaves out")
  func configured() throws {
    let table = try ModelCatalog(
      JSONValue(parsing: #"{"models":[{"id":"a","cli_model":"opus"},{"id":"b","cli_model":null,"context_length":3}]}"#))
    let catalog = table.completed(with: Self.account(("opus", "claude-o-1"), ("fable", nil)), ["claude-o-1": 7])
    #expect(catalog.models.map(\.id) == ["a", "b"] && catalog.models.map(\.contextLength) == [7, 3])
    #expect(catalog.isConfigured && catalog.model("fable") == nil)
    #expect(table.completed(with: [], [:]) == table)
  }
}
