import EventLoop
import Glibc
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

@Reactor
@Suite(.bounded)
struct UserSettingsGuardTests {
  private let directory = TemporaryDirectory()

  private func makeGuard() -> UserSettingsGuard {
    UserSettingsGuard(configuration: directory.path, logger: .silent)
  }

  /// Replaces the file as the CLI does: by renaming.
  private func write(_ text: String) {
    directory.write(text, to: "fresh")
    directory.rename("fresh", to: "settings.json")
  }

  private var text: String? { directory.text(of: "settings.json") }

  @Test("the user's settings are restored byte for byte after a turn")
  func restored() {
    write("{ \"a\": 1 }\n")
    let settings = makeGuard()
    settings.turnBegins()
    write(#"{"permissions":{"defaultMode":"acceptEdits"}}"#)
    settings.turnEnded()
    #expect(text == "{ \"a\": 1 }\n")
  }

  @Test("a change that keeps length and time is restored too")
  func disguised() throws {
    write("[1]")
    let settings = makeGuard()
    settings.turnBegins()
    let path = "\(directory.path)/settings.json"
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    let descriptor = unsafe open(path, O_WRONLY)
    try #require(unsafe Glibc.write(descriptor, "[2]", 3) == 3)
    let times = [status.st_atim, status.st_mtim]
    try #require(unsafe futimens(descriptor, times) == 0)
    close(descriptor)
    #expect(text == "[2]")
    settings.turnEnded()
    #expect(text == "[1]")
  }

  @Test("settings created by a turn are removed")
  func made() {
    let settings = makeGuard()
    settings.turnBegins()
    write("{}")
    settings.turnEnded()
    #expect(text == nil)
  }

  @Test("settings removed by a turn are restored")
  func removed() {
    write("{}")
    let settings = makeGuard()
    settings.turnBegins()
    directory.rename("settings.json", to: "gone")
    settings.turnEnded()
    #expect(text == "{}")
  }

  @Test("no process starts on settings changed by a running turn")
  func during() {
    write("{}")
    let settings = makeGuard()
    settings.turnBegins()
    write("[1]")
    settings.restore()
    #expect(text == "{}")
    write("[2]")
    settings.turnBegins()
    #expect(text == "{}")
    write("[3]")
    settings.turnEnded()
    #expect(text == "{}")
    write("[4]")
    settings.turnEnded()
    #expect(text == "{}")
  }

  @Test("changes between turns are the operator's and stay")
  func operators() {
    write("{}")
    let settings = makeGuard()
    settings.turnBegins()
    settings.turnEnded()
    write(#"{"model":"opus"}"#)
    settings.restore()
    settings.turnBegins()
    write("[]")
    settings.turnEnded()
    #expect(text == #"{"model":"opus"}"#)
  }

  @Test("settings that grew too long are restored too")
  func tooLong() {
    write("{}")
    let settings = makeGuard()
    settings.turnBegins()
    write(String(repeating: " ", count: SettingsFile.maximumLength + 1))
    settings.turnEnded()
    #expect(text == "{}")
  }

  @Test("a link stays a link, and its target is restored")
  func link() throws {
    directory.write("{}", to: "elsewhere.json")
    try directory.makeLink("settings.json", to: "elsewhere.json")
    let settings = makeGuard()
    settings.turnBegins()
    directory.write("[ ]", to: "elsewhere.json")
    settings.turnEnded()
    #expect(text == "{}")
    settings.turnBegins()
    write("[ ]")
    settings.turnEnded()
    #expect(text == "{}")
    #expect(try SettingsFile(path: "\(directory.path)/settings.json").read().link?.text == "elsewhere.json")
  }

  @Test("limit: length of the settings file that is restored")
  func longest() async throws {
    let limit = SettingsFile.maximumLength
    let outcomes = try await LimitTable.row("bytes of user settings", limit) { offset in
      let before = String(repeating: "a", count: limit + offset)
      write(before)
      let settings = makeGuard()
      settings.turnBegins()
      write("{}")
      settings.turnEnded()
      return text == before ? "restored" : "not kept"
    }
    #expect(outcomes == ["restored", "restored", "not kept"])
  }
}
