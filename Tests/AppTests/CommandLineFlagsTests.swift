import Testing

@testable import App

struct CommandLineFlagsTests {
  @Test("a value stands behind its flag, or behind an equals sign")
  func values() throws {
    let apart = try CommandLineFlags(["--host", "::1", "--port", "80", "--env-file", "x"])
    let joined = try CommandLineFlags(["--host=::1", "--port=80", "--env-file=x"])
    #expect(apart == joined)
    #expect(apart.host == "::1")
    #expect(apart.port == "80")
    #expect(apart.envFile == "x")
  }

  @Test("switches")
  func switches() throws {
    #expect(try CommandLineFlags(["--config-check"]).checksConfiguration)
    #expect(try CommandLineFlags(["--simulate"]).simulates)
    #expect(try CommandLineFlags(["--version"]).showsVersion)
    #expect(try CommandLineFlags(["--help"]).showsHelp)
    #expect(try CommandLineFlags(["-h"]).showsHelp)
    #expect(try CommandLineFlags([]) == CommandLineFlags([]))
  }

  @Test("an unknown flag and a missing value are refused by name")
  func mistakes() {
    #expect(throws: CommandLineFlags.UsageError(message: "unknown flag --prot")) { try CommandLineFlags(["--prot"]) }
    #expect(throws: CommandLineFlags.UsageError(message: "--port needs a value")) { try CommandLineFlags(["--port"]) }
    #expect(throws: CommandLineFlags.UsageError(message: "unknown flag serve")) { try CommandLineFlags(["serve"]) }
  }

  @Test("the help names every flag")
  func help() {
    for flag in ["--host", "--port", "--env-file", "--config-check", "--simulate", "--version", "--help"] {
      #expect(CommandLineFlags.help.contains("  \(flag) "))
    }
  }
}
