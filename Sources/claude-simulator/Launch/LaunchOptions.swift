import Bytes
import Directives
import Glibc

/// The options of the command line.
struct LaunchOptions {
  let arguments: [String]
  let flags: FlagValues

  init(arguments: [String]) throws(LaunchFailure) {
    self.arguments = arguments
    flags = try FlagValues(parsing: arguments)
  }

  var readsLines: Bool { flags["--input-format"] == "stream-json" }
  var outputFormat: OutputFormat { flags["--output-format"].flatMap(OutputFormat.init) ?? .text }
  var includesPartialMessages: Bool { flags.has("--include-partial-messages") }
  var replaysUserMessages: Bool { flags.has("--replay-user-messages") }
  var mirrorsSession: Bool { flags.has("--session-mirror") }
  var keepsSession: Bool { !flags.has("--no-session-persistence") }
  var asksOnStandardInput: Bool { flags["--permission-prompt-tool"] == "stdio" }
  var skipsPermissions: Bool { flags.has("--dangerously-skip-permissions") }
  var mayBypassPermissions: Bool { skipsPermissions || flags.has("--allow-dangerously-skip-permissions") }
  var maximumTurns: Int { flags["--max-turns"].flatMap(Int.init) ?? 1 }
  var prompt: String? { flags.positional.first }

  /// The permission mode as the lines name it: the flag's `manual` is `default` there.
  var permissionMode: String {
    if skipsPermissions { return "bypassPermissions" }
    let mode = flags["--permission-mode"] ?? "default"
    return mode == "manual" ? "default" : mode
  }

  /// The names in `--allowedTools` without arguments: `Bash(git *)` allows `Bash`.
  var allowedTools: [String] { LaunchOptions.toolNames(flags.list("--allowedTools") ?? []) }

  /// The built-in tools that `--tools` and `--disallowedTools` leave.
  var tools: [String] {
    let hidden = LaunchOptions.toolNames((flags.list("--disallowedTools") ?? []).filter { !$0.contains("(") })
    let named = flags.list("--tools").map(LaunchOptions.toolNames) ?? ["default"]
    return (named == ["default"] ? BuiltInTools.names : named).filter { !hidden.contains($0) }
  }

  static func toolNames(_ rules: [String]) -> [String] {
    rules.flatMap { rule in rule.split { $0 == "," || $0 == " " } }.map { String($0.prefix { $0 != "(" }) }
  }
}

extension LaunchOptions {
  /// Refuses what the real CLI refuses by its command line alone, in the same order.
  func check() throws(LaunchFailure) {
    if outputFormat == .lines, !flags.has("--verbose") {
      throw LaunchFailure("Error: When using --print, --output-format=stream-json requires --verbose")
    }
    if readsLines, outputFormat != .lines {
      throw LaunchFailure("Error: --input-format=stream-json requires output-format=stream-json.")
    }
    if skipsPermissions, geteuid() == 0, Environment["IS_SANDBOX"] != "1" {
      throw LaunchFailure(
        "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons")
    }
    if let id = flags["--session-id"], UUIDText.normalized(id) == nil {
      throw LaunchFailure("Error: Invalid session ID. Must be a valid UUID.")
    }
    if let id = flags["--resume"], UUIDText.normalized(id) == nil {
      throw LaunchFailure(
        "Error: --resume requires a valid session ID or session title when used with --print. "
          + "Usage: claude -p --resume <session-id|title>. "
          + "Provided value \"\(id)\" is not a UUID and does not match any session title.")
    }
  }
}

/// The value of `--output-format`.
enum OutputFormat: String {
  case text
  case json
  case lines = "stream-json"
}

/// Why the process does not start: a line for stderr and the exit status.
struct LaunchFailure: Error {
  let message: String
  let status: Int32
  /// The unknown session, if that is the reason. This refusal is a line on stdout too.
  let session: String?

  init(_ message: String, status: Int32 = 1, session: String? = nil) {
    self.message = message
    self.status = status
    self.session = session
  }
}

extension LaunchOptions {
  /// The text of `--help`.
  static var usage: String {
    """
    Usage: claude-simulator [options] [prompt]

    Plays the Claude Code CLI. It takes the flags of the real CLI. A line

      simulate: name name=value …

    anywhere in the user's text, or the variable CLAUDE_SIMULATOR, sets directives:

    \(SimulatorDirective.usage)

    """
  }
}
