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

  @Test("what a turn wrote is restored when it ends, byte for byte")
  func restored() {
    write("{ \"a\": 1 }\n")
    let settings = makeGuard()
    settings.turnBegins()
    write(#"{"permissions":{"defaultMode":"acceptEdits"}}"#)
    settings.turnEnded()
    #expect(text == "{ \"a\": 1 }\n")
  }

  @Test("a change that keeps the length and sets back the time is restored, too")
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

  @Test("a file that a turn made is removed")
  func made() {
    let settings = makeGuard()
    settings.turnBegins()
    write("{}")
    settings.turnEnded()
    #expect(text == nil)
  }

  @Test("a file that a turn removed is there again")
  func removed() {
    write("{}")
    let settings = makeGuard()
    settings.turnBegins()
    directory.rename("settings.json", to: "gone")
    settings.turnEnded()
    #expect(text == "{}")
  }

  @Test("no process is launched on what a turn under way wrote, and no turn begins on it")
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

  @Test("what changes while no turn is under way is the operator's")
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

  @Test("a file that has grown too long to be read is restored as well")
  func tooLong() {
    write("{}")
    let settings = makeGuard()
    settings.turnBegins()
    write(String(repeating: " ", count: SettingsFile.maximumLength + 1))
    settings.turnEnded()
    #expect(text == "{}")
  }

  @Test("a link stays a link, to a file that is what it was")
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

  @Test("the longest file that is kept")
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
