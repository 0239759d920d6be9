import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTP
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Reactor
@Suite(.bounded)
struct ModelPageTests {
  private func page(_ query: String) throws -> ModelPage {
    try ModelPage(of: ModelCatalog.builtIn.models, HTTPRequest.of("GET", "/v1/models\(query)").head)
  }

  @Test(
    "a page follows or precedes a model",
    arguments: [
      ("", ["claude-code", "opus", "sonnet", "haiku"], false),
      ("?limit=4", ["claude-code", "opus", "sonnet", "haiku"], false),
      ("?limit=3", ["claude-code", "opus", "sonnet"], true),
      ("?limit=2&after_id=claude-code", ["opus", "sonnet"], true),
      ("?limit=2&after_id=opus", ["sonnet", "haiku"], false), ("?after_id=haiku", [], false),
      ("?before_id=sonnet", ["claude-code", "opus"], false), ("?limit=1&before_id=sonnet", ["opus"], true),
      ("?before_id=claude-code", [], false),
    ])
  func pages(query: String, ids: [String], hasMore: Bool) throws {
    let page = try page(query)
    #expect(page.models.map(\.id) == ids)
    #expect(page.hasMore == hasMore)
    #expect(page.json["first_id"] == JSONValue(ids.first) && page.json["last_id"] == JSONValue(ids.last))
  }

  @Test(
    "invalid pages are rejected",
    arguments: [
      ("?limit=0", "400 limit -"), ("?limit=x", "400 limit -"), ("?limit=", "400 limit -"),
      ("?after_id=gpt-4o", "400 after_id -"), ("?before_id=gpt-4o", "400 before_id -"),
    ])
  func refused(query: String, expected: String) throws {
    #expect(try refusal { _ = try page(query) } == expected)
  }

  @Test("limit: models of a page")
  func limit() async throws {
    let limit = ModelPage.maximumCount
    let outcomes = try await LimitTable.row("models of a page", limit) { offset in
      try refusal { _ = try page("?limit=\(limit + offset)") } ?? "given"
    }
    #expect(outcomes == ["given", "given", "400 limit -"])
  }
}
