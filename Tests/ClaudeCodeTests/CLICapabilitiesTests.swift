import ClaudeCode
import Testing

struct CLICapabilitiesTests {
  @Test(
    "a CLI older than 2.1.329 takes another way for file mentions and for tool results",
    arguments: [
      ("2.1.119", false), ("2.1.235", false), ("2.1.328", false), ("2.1.329", true), ("2.1.332", true),
      ("2.2.0", true), ("3.0.0", true),
    ])
  func measured(text: String, isNew: Bool) {
    let capabilities = CLICapabilities(CLIVersion(parsing: text))
    #expect(capabilities.canDisableFileMentions == isNew)
    #expect(capabilities.resumesToolResults == isNew)
    #expect((capabilities == .newest) == isNew)
  }

  @Test("a program without a version can do everything, but is not trusted with file mentions")
  func unknown() {
    let capabilities = CLICapabilities(CLIVersion(parsing: "0.0.0-simulator (Claude Code)"))
    #expect(capabilities == .unknown)
    #expect(capabilities.resumesToolResults && !capabilities.canDisableFileMentions)
  }
}
