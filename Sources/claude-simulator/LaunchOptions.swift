import Bytes

/// What the command line asks for.
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

  /// The flag calls it `manual`, the lines call it `default`.
  var permissionMode: String {
    if skipsPermissions { return "bypassPermissions" }
    let mode = flags["--permission-mode"] ?? "default"
    return mode == "manual" ? "default" : mode
  }

  /// Names in `--allowedTools`, their arguments cut off: `Bash(git *)` allows `Bash`.
  var allowedTools: [String] { LaunchOptions.toolNames(flags.list("--allowedTools") ?? []) }

  /// The built-in tools that exist.
  var tools: [String] {
    let hidden = LaunchOptions.toolNames((flags.list("--disallowedTools") ?? []).filter { !$0.contains("(") })
    let named = flags.list("--tools").map(LaunchOptions.toolNames) ?? ["default"]
    return (named == ["default"] ? BuiltInTools.names : named).filter { !hidden.contains($0) }
  }

  private static func toolNames(_ rules: [String]) -> [String] {
    rules.flatMap { rule in rule.split { $0 == "," || $0 == " " } }.map { String($0.prefix { $0 != "(" }) }
  }
}
