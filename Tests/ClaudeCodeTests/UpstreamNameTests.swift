import TestSupport
import Testing

@testable import ClaudeCode

struct UpstreamNameTests {
  @Test(
    "names of functions and properties",
    arguments: [
      ("a", true, true), ("A-b_9", true, true), ("a.b", false, true), ("", false, false), ("$a", false, false),
      ("a b", false, false), ("größe", false, false), ("a[b]", false, false), ("@type", false, false),
      ("__proto__", false, false), ("constructor", true, true),
    ])
  func accepted(name: String, isFunction: Bool, isProperty: Bool) {
    #expect(UpstreamName.function.accepts(name) == isFunction)
    #expect(UpstreamName.property.accepts(name) == isProperty)
  }

  @Test(
    "limits: names of functions, with the prefix, and of properties", arguments: [UpstreamName.function, .property])
  func lengths(kind: UpstreamName) async throws {
    let limit = kind.maximumLength
    #expect(limit == (kind == .function ? 115 : 64))
    let outcomes = try await LimitTable.row("upstream \(kind)", limit) { offset in
      kind.accepts(String(repeating: "x", count: limit + offset)) ? "taken" : "refused"
    }
    #expect(outcomes == ["taken", "taken", "refused"])
  }

  @Test("new names are like the old ones, accepted, and unique")
  func made() {
    var names = UpstreamNames(.property, apartFrom: ["_filter"])
    let old = ["$filter", "@filter", "größe", "a[b]", "", "a.b", "a.b", "$filter"]
    #expect(
      old.map { names.make(like: $0) } == ["_filter-2", "_filter-3", "gr__e", "a_b_", "_", "a.b", "a.b-2", "_filter-4"])
    #expect(names.make(like: "__proto__") == "__proto__-2")
    let long = String(repeating: "x", count: 65)
    #expect([long, long].map { names.make(like: $0) } == [String(long.dropLast()), String(long.dropLast(3)) + "-2"])
  }

  @Test("past functions with unfit names get one name each, and no other function's")
  func past() {
    let long = String(repeating: "n", count: 116)
    let past = ["web.search", "web_search-2", "get weather", "web.search", "web/search", "ok", long, ""]
    let names = PastNames(past, offered: ["web_search", "get_weather"])
    #expect(
      past.map { names.name(of: $0) } == [
        "web_search-3", "web_search-2", "get_weather-2", "web_search-3", "web_search-4", "ok",
        String(long.dropLast()), "_",
      ])
    #expect(PastNames(["a"], offered: []).name(of: "b.c") == "b.c")
  }
}
