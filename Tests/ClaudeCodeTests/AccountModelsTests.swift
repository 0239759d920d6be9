import Bytes
import EventLoop
import System
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
struct AccountModelsTests {
  private typealias Model = AccountModels.Model

  private func response(_ rows: String) -> [UInt8] {
    Array(#"{"type":"control_response","response":{"subtype":"success","response":{"models":\#(rows)}}}"#.utf8)
  }

  private func models(_ line: [UInt8]) -> AccountModels {
    let models = AccountModels()
    models.read(line.span)
    return models
  }

  @Test("the recorded response to initialize lists the account's models")
  func recorded() throws {
    let line = try #require(Recording("cli-2.1.329/text").lines.first)
    let models = models(line)
    #expect(
      models.models == [
        Model(name: "default", fullName: "claude-opus-5-5", displayName: "Default (recommended)"),
        Model(name: "opus", fullName: "claude-opus-5-5", displayName: "Opus"),
        Model(name: "fable", fullName: "claude-fable-5-2", displayName: "Fable"),
        Model(name: "sonnet", fullName: "claude-sonnet-5-5", displayName: "Sonnet"),
        Model(name: "haiku", fullName: "claude-haiku-5-5", displayName: "Haiku"),
      ])
    #expect(!models.isWanted)
  }

  @Test("the recorded result has the context lengths of its models")
  func result() throws {
    let line = try #require(Recording("cli-2.1.329/text").lines.last)
    let read = TurnResult(line.span)
    #expect(try #require(read).contextLengths == ["claude-opus-5-5": 1_000_000])
  }

  @Test(
    "rows without a usable name are left out, and missing fields have substitutes",
    arguments: [
      (#"[{"value":"a"}]"#, ["a - a"]), (#"[{"value":"a","resolvedModel":"b c","displayName":"A"}]"#, ["a - A"]),
      (
        #"[{"value":""},{"value":7},{},null,{"value":"é"},{"value":"a b"},{"value":"x","resolvedModel":"y"}]"#,
        ["x y x"]
      ),
      ("[]", []), ("{}", []), ("null", []),
    ])
  func rows(rows: String, expected: [String]) {
    let models = models(response(rows))
    #expect(models.models.map { "\($0.name) \($0.fullName ?? "-") \($0.displayName)" } == expected)
    #expect(models.isWanted == expected.isEmpty)
  }

  @Test(
    "other responses change nothing",
    arguments: [
      "{}", "nonsense", #"{"response":{"subtype":"error","request_id":"models","error":"unsupported"}}"#,
      #"{"models":[{"value":"a"}]}"#,
    ])
  func others(line: String) {
    let models = models(Array(line.utf8))
    #expect(models.models.isEmpty && models.isWanted)
  }

  @Test("a report is wanted once for each version of the program, and every change is announced")
  func versions() {
    let directory = TemporaryDirectory()
    let models = AccountModels()
    var changes = 0
    models.onChange = { changes += 1 }
    let first = FileVersion.of(directory.write("1", to: "cli"))
    models.willStart(first)
    models.read(response(#"[{"value":"a"}]"#).span)
    #expect(changes == 1 && !models.isWanted)
    models.willStart(first)
    #expect(!models.isWanted)
    models.willStart(FileVersion.of(directory.write("22", to: "cli")))
    #expect(models.isWanted)
    models.read(response(#"[{"value":"a"}]"#).span)
    #expect(changes == 1 && !models.isWanted)
    models.note(["a": 5])
    models.note(["a": 5])
    #expect(changes == 2)
    models.note(["a": 6, "b": 7])
    #expect(changes == 3 && models.contextLengths == ["a": 6, "b": 7])
  }

  @Test("limit: models that are kept")
  func count() {
    let limit = AccountModels.maximumCount
    for (count, kept) in [(limit - 1, limit - 1), (limit, limit), (limit + 1, limit)] {
      let rows = (0..<count).map { #"{"value":"m\#($0)"}"# }.joined(separator: ",")
      let models = models(response("[\(rows)]"))
      #expect(models.models.count == kept)
      for number in 0..<count { models.note(["m\(number)": 1]) }
      #expect(models.contextLengths.count == kept)
    }
  }

  @Test("limit: bytes of a name")
  func length() {
    let limit = AccountModels.maximumNameLength
    for (length, kept) in [(limit - 1, 1), (limit, 1), (limit + 1, 0)] {
      let name = String(repeating: "x", count: length)
      #expect(models(response(#"[{"value":"\#(name)"}]"#)).models.count == kept)
    }
  }
}
