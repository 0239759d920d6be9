import ClaudeCodeTestSupport
import EventLoop
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
struct SessionPageTests {
  private nonisolated static let ids = ["a", "b", "c"]

  private func page(_ query: String) throws -> SessionPage {
    try SessionPage(try HTTPRequest.of("GET", "/\(query)").head)
  }

  @Test(
    "a page starts after a session and says whether there are more",
    arguments: [
      ("", ids, false), ("?limit=3", ids, false), ("?limit=2", ["a", "b"], true), ("?limit=1&after=a", ["b"], true),
      ("?limit=1&after=b", ["c"], false), ("?after=c", [], false), ("?x=1", ids, false),
    ])
  func parts(query: String, expected: [String], hasMore: Bool) throws {
    let part = try page(query).part(of: Self.ids)
    #expect(part.ids == expected)
    #expect(part.hasMore == hasMore)
  }

  @Test("pages have a default limit, and ids are normalised")
  func defaults() throws {
    let many = (0...SessionPage.defaultLimit).map { "\($0)" }
    #expect(try page("").part(of: many).ids == Array(many.dropLast()))
    #expect(try page("?after=AAAAAAAA-2222-4333-8444-55555555555A").after == "aaaaaaaa-2222-4333-8444-55555555555a")
  }

  @Test("an unknown session cannot start a page", arguments: ["?after=d", "?after="])
  func nowhere(query: String) throws {
    #expect(try refusal { _ = try page(query).part(of: Self.ids) } == "400 after -")
  }

  @Test("limit: sessions of a page")
  func limits() async throws {
    let outcomes = try await LimitTable.row("sessions on a page", SessionPage.maximumLimit) { offset in
      try refusal { _ = try page("?limit=\(SessionPage.maximumLimit + offset)") } ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "400 limit -"])
    for value in ["0", "-1", "", "x", "1.0", "99999999999999999999"] {
      #expect(try refusal { _ = try page("?limit=\(value)") } == "400 limit -")
    }
  }
}
