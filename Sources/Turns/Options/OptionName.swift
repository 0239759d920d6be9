/// The names of the options that every dialect offers.
package enum OptionName: String, CaseIterable, Sendable {
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

  /// With underscores, as Python programs prefer.
  package var snakeCase: String { rawValue.split(separator: "-").joined(separator: "_") }

  /// The option that `word` names, with hyphens or underscores; nil if it names none.
  package init?(written word: Substring) {
    guard let spelling = OptionName.spellings.first(where: { $0.word == word }) else { return nil }
    self = spelling.option
  }

  /// Bytes of the longest name in any spelling.
  package static let longestSpelling = allCases.map(\.rawValue.utf8.count).max() ?? 0

  // Computed once, because every line of a message may be looked up.
  private static let spellings: [(word: String, option: OptionName)] = allCases.flatMap { option in
    [(option.rawValue, option), (option.snakeCase, option)]
  }
}
