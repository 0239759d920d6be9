/// An option of the command line.
struct Flag {
  enum Value {
    case none
    case required
    case optional
    /// All words up to the next option.
    case list
  }

  /// Every spelling, the canonical one first.
  let names: [String]
  let value: Value
  /// The allowed values; empty if any value is allowed.
  let choices: [String]

  init(_ names: String..., value: Value = .none, choices: [String] = []) {
    self.names = names
    self.value = value
    self.choices = choices
  }

  var canonicalName: String { names[0] }
}

extension Flag {
  static func named(_ name: String) -> Flag? { all.first { $0.names.contains(name) } }

  /// The flags of Claude Code 2.1.329.
  static let all: [Flag] = sessionFlags + outputFlags + permissionFlags + promptFlags + otherFlags

  private static let sessionFlags = [
    Flag("--resume", "-r", value: .optional),
    Flag("--session-id", value: .required),
    Flag("--await-claim"),
    Flag("--continue", "-c"),
    Flag("--fork-session"),
    Flag("--no-session-persistence"),
    Flag("--resume-session-at", value: .required),
    Flag("--name", "-n", value: .required),
  ]

  private static let outputFlags = [
    Flag("--print", "-p"),
    Flag("--version", "-v"),
    Flag("--help", "-h"),
    Flag("--verbose"),
    Flag("--output-format", value: .required, choices: ["text", "json", "stream-json"]),
    Flag("--input-format", value: .required, choices: ["text", "stream-json"]),
    Flag("--include-partial-messages"),
    Flag("--include-hook-events"),
    Flag("--replay-user-messages"),
    Flag("--forward-subagent-text"),
    Flag("--session-mirror"),
    Flag("--prompt-suggestions", value: .optional),
    Flag("--debug", "-d", value: .optional),
    Flag("--debug-file", value: .required),
  ]

  private static let permissionFlags = [
    Flag("--allowedTools", "--allowed-tools", value: .list),
    Flag("--disallowedTools", "--disallowed-tools", value: .list),
    Flag("--tools", value: .list),
    Flag("--permission-prompt-tool", value: .required),
    Flag("--permission-prompts", value: .required),
    Flag(
      "--permission-mode", value: .required,
      choices: ["acceptEdits", "auto", "bypassPermissions", "manual", "dontAsk", "plan", "default"]),
    Flag("--dangerously-skip-permissions"),
    Flag("--allow-dangerously-skip-permissions"),
    Flag("--add-dir", value: .list),
    Flag("--restricted"),
  ]

  private static let promptFlags = [
    Flag("--model", value: .required),
    Flag("--fallback-model", value: .required),
    Flag("--effort", value: .required, choices: ["low", "medium", "high", "xhigh", "max"]),
    Flag("--system-prompt", value: .required),
    Flag("--system-prompt-file", value: .required),
    Flag("--append-system-prompt", value: .required),
    Flag("--append-system-prompt-file", value: .required),
    Flag("--system-prompt-snapshot", value: .required, choices: ["on", "off"]),
    Flag("--exclude-dynamic-system-prompt-sections"),
    Flag("--max-turns", value: .required),
    Flag("--max-budget-usd", value: .required),
    Flag("--max-thinking-tokens", value: .required),
    Flag("--json-schema", value: .required),
  ]

  private static let otherFlags = [
    Flag("--mcp-config", value: .list),
    Flag("--strict-mcp-config"),
    Flag("--setting-sources", value: .required),
    Flag("--settings", value: .required),
    Flag("--agent", value: .required),
    Flag("--agents", value: .required),
    Flag("--autocompact", value: .required),
    Flag("--bare"),
    Flag("--betas", value: .list),
    Flag("--brief"),
    Flag("--chrome"),
    Flag("--no-chrome"),
    Flag("--disable-slash-commands"),
    Flag("--file", value: .list),
    Flag("--ide"),
    Flag("--plugin-dir", value: .required),
    Flag("--plugin-url", value: .required),
    Flag("--safe-mode"),
  ]
}
