import EventLoop
import Identity
import HTTPServerTestSupport
import ClaudeCodeTestSupport
import TurnsTestSupport
import Bytes
import HTTP
import HTTPServer
import TestSupport
import Testing

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
    "a page is what was asked for, and says whether there is more",
    arguments: [
      ("", "12345"), ("?order=desc", "54321"), ("?limit=2", "12…"), ("?limit=2&after=2", "34…"),
      ("?limit=2&after=4", "5"), ("?after=5", ""), ("?order=desc&limit=2&after=4", "32…"),
    ])
  func pages(query: String, expected: String) throws {
    #expect(try ids(query) == expected)
  }

  @Test("where the request does not say, the list decides what is first")
  func order() throws {
    #expect(try ids("", newestFirst: true) == "54321")
    #expect(try ids("?order=asc", newestFirst: true) == "12345")
  }

  @Test("how long a page may be")
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
