import ClaudeCode
import Testing

struct CLIVersionTests {
  @Test(
    "the version is the first word of what --version prints",
    arguments: [
      ("2.1.332 (Claude Code)", CLIVersion(2, 1, 332)), ("2.1.9 (Claude Code)", CLIVersion(2, 1, 9)),
      ("2.1.400-beta.1 (Claude Code)", CLIVersion(2, 1, 400)), ("3.0.0+build.7", CLIVersion(3, 0, 0)),
      ("  1.0.128\t(Claude Code)", CLIVersion(1, 0, 128)), ("0.2.125 (Claude Code)", CLIVersion(0, 2, 125)),
    ])
  func parsing(text: String, version: CLIVersion) {
    #expect(CLIVersion(parsing: text) == version)
  }

  @Test(
    "a text without a version has none",
    arguments: [
      "", " ", "claude", "v2.1.332", "2.1", "2.1.3.4", "2..3", "2.1.x", "2.1.-3", "Claude Code 2.1.332",
      "0.0.0 (Claude Code)", "0.0.0-simulator (Claude Code)", "2.1.99999999999999999999", "-1.2.3",
    ])
  func none(text: String) {
    #expect(CLIVersion(parsing: text) == nil)
  }

  @Test("versions are ordered by their numbers, not by their digits")
  func order() {
    let sorted = ["0.2.125", "1.0.128", "2.0.99", "2.1.9", "2.1.59", "2.1.119", "2.1.332", "2.2.0", "10.0.0"]
    #expect(sorted.shuffled().compactMap(CLIVersion.init).sorted().map(\.description) == sorted)
  }

  @Test(
    "the oldest supported version is 2.1.119",
    arguments: [("2.1.118", false), ("2.1.119", true), ("2.1.120", true), ("2.0.999", false), ("3.0.0", true)])
  func supported(text: String, isSupported: Bool) {
    #expect(CLIVersion(parsing: text)?.isSupported == isSupported)
  }
}
