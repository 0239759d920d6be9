import ClaudeCode
import Testing

struct CLILocatorTests {
  @Test("a configured path is the only candidate")
  func configured() {
    let locator = CLILocator(configured: "/opt/claude", searchPath: "/usr/bin:/bin", home: "/root")
    #expect(locator.candidates == ["/opt/claude"])
    #expect(locator.locate { _ in true } == "/opt/claude")
    #expect(locator.locate { $0 != "/opt/claude" } == nil)
  }

  @Test("PATH is searched first, then the installers' locations")
  func order() {
    let locator = CLILocator(configured: nil, searchPath: "/a::/b:", home: "/home/u")
    #expect(
      locator.candidates == [
        "/a/claude", "/b/claude", "/home/u/.local/bin/claude", "/home/u/.claude/local/claude",
        "/home/u/.npm-global/bin/claude", "/home/u/.bun/bin/claude", "/usr/local/bin/claude",
        "/opt/homebrew/bin/claude", "/usr/bin/claude",
      ])
  }

  @Test("without PATH and HOME only system locations are searched")
  func nothing() {
    let locator = CLILocator(configured: nil, searchPath: "", home: nil)
    #expect(locator.candidates == ["/usr/local/bin/claude", "/opt/homebrew/bin/claude", "/usr/bin/claude"])
    #expect(locator.locate { _ in false } == nil)
  }

  @Test("duplicate PATH entries are searched once")
  func repeated() {
    let locator = CLILocator(configured: nil, searchPath: "/usr/bin:/a:/usr/bin:/a", home: nil)
    #expect(
      locator.candidates == ["/usr/bin/claude", "/a/claude", "/usr/local/bin/claude", "/opt/homebrew/bin/claude"])
  }

  @Test("the first executable candidate is used", arguments: ["/a/claude", "/b/claude", "/usr/bin/claude"])
  func first(path: String) {
    let locator = CLILocator(configured: nil, searchPath: "/a:/b", home: nil)
    #expect(locator.locate { $0 == path || $0 == "/usr/bin/claude" } == path)
  }

  @Test("relative PATH entries are ignored", arguments: [".", "bin", "./bin"])
  func relative(place: String) {
    let locator = CLILocator(configured: nil, searchPath: "\(place):/a", home: nil)
    #expect(locator.candidates.first == "/a/claude")
  }
}
