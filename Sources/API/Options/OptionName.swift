/// The options every dialect offers, by their documented names.
enum OptionName: String, CaseIterable, Sendable {
  case workspace
  case sessionID = "session-id"
  case systemPrompt = "system-prompt"
  case appendSystemPrompt = "append-system-prompt"
  case model
  case effort
  case allowedTools = "allowed-tools"
  case disallowedTools = "disallowed-tools"
  case mcpAllowedTools = "mcp-allowed-tools"
  case dangerouslySkipPermissions = "dangerously-skip-permissions"
  case permissionMode = "permission-mode"
  case maxTurns = "max-turns"
  case maxBudgetUSD = "max-budget-usd"
  case fileMentions = "file-mentions"
  case includePartialMessages = "include-partial-messages"

  /// With underscores, as Python programs like to write it.
  var snakeCase: String { rawValue.split(separator: "-").joined(separator: "_") }
}
