import TestSupport
import Testing

@testable import ClaudeCode

@Suite(.bounded)
struct TranscriptMarkTests {
  private let directory = TemporaryDirectory()
  private static let file = "config/projects/-w/s.jsonl"
  private static let beginning = #"{"type":"user","uuid":"1"}"# + "\n"

  private func mark(after text: String? = beginning) throws -> TranscriptMark {
    for name in ["config", "config/projects", "config/projects/-w"] { try directory.makeDirectory(name) }
    if let text { directory.write(text, to: Self.file) }
    return TranscriptMark(
      TranscriptLocation(configuration: "\(directory.path)/config", directory: "/w", sessionID: "s"))
  }

  @Test("an untouched transcript equals its mark", arguments: [beginning, nil])
  func same(text: String?) throws {
    #expect(try mark(after: text).isCurrent)
  }

  @Test(
    "added notes keep the mark; messages and unreadable lines do not",
    arguments: [
      (#"{"type":"last-prompt","leafUuid":"1"}"# + "\n" + #"{"type":"cost-state"}"# + "\n", true), ("\n", true),
      (#"{"type":"user","uuid":"2"}"# + "\n", false), (#"{"type":"assistant","uuid":"2"}"# + "\n", false),
      (#"{"type":"mode"}"# + "\n" + #"{"type":"us"#, false), ("{}\n", false),
    ])
  func added(text: String, hasNoNewMessages: Bool) async throws {
    let mark = try mark()
    directory.write(Self.beginning + text, to: Self.file)
    #expect(!mark.isCurrent)
    #expect(await mark.hasNoNewMessages() == hasNoNewMessages)
  }

  @Test("a shorter, replaced, new or missing transcript does not match its mark")
  func replaced() async throws {
    let mark = try mark()
    directory.write("", to: Self.file)
    #expect(await !mark.hasNoNewMessages())
    directory.rename(Self.file, to: "gone")
    #expect(!mark.isCurrent)
    #expect(await !mark.hasNoNewMessages())
    let none = TranscriptMark(mark.location)
    #expect(none.isCurrent)
    directory.write(Self.beginning, to: Self.file)
    #expect(!none.isCurrent)
    #expect(await !none.hasNoNewMessages())
    #expect(await !mark.hasNoNewMessages())
  }
}
