import Directives
import Testing

private enum Sample: String, DirectiveName {
  case quiet, count, limit, path

  static let table = [
    DirectiveRow(Sample.quiet, .flag, "no output"),
    DirectiveRow(.count, .number("N", default: 3), "how many"),
    DirectiveRow(.limit, .number("BYTES", default: nil), "how long"),
    DirectiveRow(.path, .word("FILE"), "where"),
  ]
}

struct DirectivesTests {
  @Test("names are parsed with their values and defaults; the last of several values wins")
  func parsing() throws {
    let directives = try Directives<Sample>(parsing: " quiet\tcount limit=0 path=a=b limit=7 ")
    #expect(directives.has(.quiet) && directives.word(.quiet) == "")
    #expect(directives[.count] == 3)
    #expect(directives[.limit] == 7)
    #expect(directives.word(.path) == "a=b")
    #expect(Set(directives.names) == [.quiet, .count, .limit, .path])
    let empty = try Directives<Sample>(parsing: "")
    #expect(empty == Directives() && !empty.has(.count) && empty[.count] == nil && empty.word(.path) == nil)
  }

  @Test(
    "unknown names and values that do not fit are refused",
    arguments: [
      ("loud", DirectiveError.unknown("loud")), ("=1", .unknown("")), ("quiet=1", .badValue(of: "quiet")),
      ("quiet=", .badValue(of: "quiet")), ("count=", .badValue(of: "count")), ("count=-1", .badValue(of: "count")),
      ("count=x", .badValue(of: "count")), ("limit", .badValue(of: "limit")), ("path", .badValue(of: "path")),
      ("path=", .badValue(of: "path")), ("count=off", .badValue(of: "count")),
    ])
  func refusal(text: String, expected: DirectiveError) {
    #expect(throws: expected) { try Directives<Sample>(parsing: text) }
  }

  @Test("the messages of refusals name the directive")
  func messages() {
    #expect(DirectiveError.unknown("loud").description == "unknown directive 'loud'")
    #expect(DirectiveError.badValue(of: "count").description == "bad value for directive 'count'")
  }

  @Test("a prompt's directives win over the defaults, and the removal value drops a default")
  func defaults() throws {
    let defaults = try Directives<Sample>(parsing: "count=1 limit=1 path=a", removal: "off")
    let own = try Directives<Sample>(parsing: "quiet=off count=2 path=off", removal: "off")
    let merged = own.merging(defaults) { _ in true }.removing("off")
    #expect(merged == (try Directives(parsing: "count=2 limit=1")))
    #expect(own.merging(defaults) { $0 != .limit }.removing("off") == (try Directives(parsing: "count=2")))
  }

  @Test("the usage text has a line for each row, aligned")
  func usage() {
    #expect(
      Sample.usage == """
          quiet                 no output
          count[=N]             how many
          limit=BYTES           how long
          path=FILE             where
        """)
  }
}
