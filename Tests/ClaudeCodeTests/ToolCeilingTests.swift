import Testing

@testable import ClaudeCode

struct ToolCeilingTests {
  @Test(
    "without a list all tools are permitted from the default mode on", arguments: PermissionMode.allCases,
    ["Bash", "Edit", "Bash(git:*)", "mcp__a__b", "*", "Unknown"])
  func noList(ceiling: PermissionMode, rule: String) {
    #expect(ToolCeiling(rules: nil, ceiling: ceiling).permits(rule) == (ceiling != .plan))
  }

  @Test(
    "below the default mode only tools that neither write nor run are permitted", arguments: ToolCeiling.readOnlyTools)
  func readOnly(tool: String) {
    let plan = ToolCeiling(rules: nil, ceiling: .plan)
    #expect(plan.permits(tool))
    #expect(plan.permits("\(tool)(x)"))
    #expect(!plan.permits("\(tool)*"))
    #expect(!plan.permits(tool.lowercased()))
  }

  @Test("an empty list permits nothing", arguments: ["Read", "Bash", "mcp__a__b"])
  func emptyList(rule: String) {
    #expect(!ToolCeiling(rules: [], ceiling: .bypassPermissions).permits(rule))
  }

  @Test(
    "a listed tool covers its specifiers, a listed server its tools, a specifier only itself",
    arguments: [
      ("Read", true), ("Read(/srv/**)", true), ("Bash(git:*)", true), ("Bash", false), ("Bash(git log:*)", false),
      ("Bash(ls)", false), ("mcp__notes", true), ("mcp__notes__add", true), ("mcp__notes__*", false),
      ("mcp__note", false), ("mcp__other__add", false), ("Re*", false), ("", false),
    ])
  func list(rule: String, isPermitted: Bool) {
    let ceiling = ToolCeiling(rules: ["Read", "Bash(git:*)", "mcp__notes"], ceiling: .bypassPermissions)
    #expect(ceiling.permits(rule) == isPermitted)
  }

  @Test(
    "at the lowest ceiling a list permits neither writing nor running, except named MCP tools",
    arguments: [("Bash", false), ("Write", false), ("Read", true), ("Grep", false), ("mcp__notes__add", true)])
  func listAtPlan(rule: String, isPermitted: Bool) {
    let ceiling = ToolCeiling(rules: ["Read", "Bash", "Write", "mcp__notes"], ceiling: .plan)
    #expect(ceiling.permits(rule) == isPermitted)
  }
}
