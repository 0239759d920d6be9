import Testing

@testable import App

struct CommandLineFlagsTests {
  /// Arguments, and what they set.
  struct Flags: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let set: @Sendable (inout CommandLineFlags) -> Void

    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String..., set: @escaping @Sendable (inout CommandLineFlags) -> Void = { _ in }) {
      self.arguments = arguments
      self.set = set
    }
  }

  @Test(
    "a value follows its flag or an equals sign",
    arguments: [
      Flags(), Flags("--host", "::1") { $0.host = "::1" }, Flags("--host=0.0.0.0") { $0.host = "0.0.0.0" },
      Flags("--port", "0") { $0.port = "0" }, Flags("--port=") { $0.port = "" },
      Flags("--env-file=a=b") { $0.envFile = "a=b" }, Flags("--config-check") { $0.checksConfiguration = true },
      Flags("--simulate") { $0.simulates = true }, Flags("--version") { $0.showsVersion = true },
      Flags("--help") { $0.showsHelp = true }, Flags("-h") { $0.showsHelp = true },
      Flags("--port", "1", "--simulate", "--port=2") {
        $0.port = "2"
        $0.simulates = true
      },
      // What follows is the value, whatever it looks like.
      Flags("--host", "--port") { $0.host = "--port" },
    ])
  func reading(flags: Flags) throws {
    var expected = try CommandLineFlags([])
    flags.set(&expected)
    #expect(try CommandLineFlags(flags.arguments) == expected)
  }

  @Test(
    "other arguments are rejected",
    arguments: [
      (["--host"], "--host needs a value"), (["--simulate", "--env-file"], "--env-file needs a value"),
      (["-p", "1"], "unknown flag -p"), (["--Port=1"], "unknown flag --Port=1"), (["serve"], "unknown flag serve"),
      ([""], "unknown flag "), (["--"], "unknown flag --"), (["--hosts=x"], "unknown flag --hosts=x"),
    ])
  func refused(arguments: [String], message: String) {
    #expect(throws: CommandLineFlags.UsageError(message: message)) { try CommandLineFlags(arguments) }
  }

  @Test(
    "the help lists every flag",
    arguments: [
      "--host", "--port", "--env-file", "--config-check", "--simulate", "--version", "--help", "key", "key --hash",
    ])
  func help(flag: String) {
    #expect(CommandLineFlags.help.contains("\n  \(flag) "))
  }
}
