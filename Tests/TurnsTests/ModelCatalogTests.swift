import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

struct ModelCatalogTests {
  @Test(
    "built-in models and full names are known",
    arguments: [
      ("claude-code", nil), ("opus", "opus"), ("sonnet", "sonnet"), ("haiku", "haiku"),
      ("claude-opus-5-5", "claude-opus-5-5"), ("claude-x[1m]", "claude-x[1m]"),
      ("claude-\(String(repeating: "x", count: 121))", "claude-\(String(repeating: "x", count: 121))"),
    ] as [(String, String?)])
  func known(id: String, cliName: String?) throws {
    #expect(try ModelCatalog.builtIn.cliModel(for: id) == cliName)
    #expect(ModelCatalog.builtIn.model(id)?.id == id)
  }

  @Test(
    "other names are unknown",
    arguments: [
      "", "gpt-4o", "Opus", "claude", "CLAUDE-CODE", "claude-a b", "claude-\n", "claude-é", " opus",
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
    #expect(try refusal { _ = try catalog.cliModel(for: "sonnet") } == "404 model model_not_found")
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
    ])
  func broken(table: String, reason: String) {
    #expect(throws: ModelCatalog.CatalogError.invalid(reason)) { try ModelCatalog(JSONValue(parsing: table)) }
  }
}
