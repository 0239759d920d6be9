/// Bounds the tools that a request may approve, in advance (`allowed-tools`, `mcp-allowed-tools`) or one use at a time
/// (`permission-mode: ask`).
public struct ToolCeiling: Sendable, Equatable {
  /// The rules that a request may name; nil for any. A rule without a specifier covers every specifier of its tool.
  private let rules: Set<String>?
  /// Whether only tools that neither write nor run anything are permitted.
  private let isReadOnly: Bool

  /// Built-in tools that change nothing on this machine and run nothing (CLI 2.1.332).
  public static let readOnlyTools: Set = [
    "Read", "Glob", "Grep", "LS", "NotebookRead", "WebFetch", "WebSearch", "TodoWrite",
  ]

  /// Permits every tool.
  public static let none = ToolCeiling(rules: nil, ceiling: .bypassPermissions)

  /// - Parameters:
  ///   - rules: the operator's list (`ALLOWED_TOOLS_CEILING`); nil for no list, empty for no tool at all.
  ///   - ceiling: the highest permission mode. Below `default` nothing may write or run.
  public init(rules: [String]?, ceiling: PermissionMode) {
    self.rules = rules.map(Set.init)
    isReadOnly = ceiling < .manual
  }

  /// Whether a request may approve `rule`: a tool's name, optionally with a specifier in parentheses.
  ///
  /// Names are compared whole: a wildcard is permitted only where the list has the same wildcard.
  public func permits(_ rule: String) -> Bool {
    let name = String(rule.prefix { $0 != "(" })
    guard !isReadOnly || ToolCeiling.readOnlyTools.contains(name) || isListedMCPTool(name) else { return false }
    guard let rules else { return true }
    return rules.contains(rule) || rules.contains(name) || isListedMCPTool(name)
  }

  // The effect of an MCP tool is unknown here: below `default` the operator has to name it.
  private func isListedMCPTool(_ name: String) -> Bool {
    guard let rules, name.hasPrefix("mcp__"), !name.contains("*") else { return false }
    return rules.contains(name) || rules.contains { name.hasPrefix("\($0)__") && $0.hasPrefix("mcp__") }
  }
}
