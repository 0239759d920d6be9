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

@Suite(.bounded)
struct ListPageTests {
  private let items: [JSONValue] = (1...5).map { ["id": .string("\($0)")] }

  private func ids(_ query: String, newestFirst: Bool = false) throws -> String {
    let page = try ListPage(try HTTPRequest.of("GET", "/x\(query)").head, newestFirst: newestFirst)
    let list = try page.json(items) { $0["id"]?.string ?? "" }
    let ids = (list["data"]?.array ?? []).compactMap { $0["id"]?.string }.joined()
    return ids + (list["has_more"] == true ? "…" : "")
  }

  @Test(
    "a page has the requested items and says whether there are more",
    arguments: [
      ("", "12345"), ("?order=desc", "54321"), ("?limit=2", "12…"), ("?limit=2&after=2", "34…"),
      ("?limit=2&after=4", "5"), ("?after=5", ""), ("?order=desc&limit=2&after=4", "32…"),
    ])
  func pages(query: String, expected: String) throws {
    #expect(try ids(query) == expected)
  }

  @Test("the list's own order is the default")
  func order() throws {
    #expect(try ids("", newestFirst: true) == "54321")
    #expect(try ids("?order=asc", newestFirst: true) == "12345")
  }

  @Test("limit: items of a page")
  func limit() async throws {
    let outcomes = try await LimitTable.row("items of a page", ListPage.maximumLimit) { offset in
      let query = "?limit=\(ListPage.maximumLimit + offset)"
      return (try? ids(query)) == nil ? "refused" : "taken"
    }
    #expect(outcomes == ["taken", "taken", "refused"])
    #expect(try refusal { _ = try ids("?after=unknown") } == "400 after -")
    #expect(try refusal { _ = try ids("?limit=0") } == "400 limit -")
    #expect(try refusal { _ = try ids("?order=up") } == "400 order -")
  }
}
