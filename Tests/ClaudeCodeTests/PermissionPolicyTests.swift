import Bytes
import Testing

@testable import ClaudeCode

struct PermissionPolicyTests {
  private static func refusal(_ tool: String) -> PermissionPolicy.Decision {
    .deny(message: "The request did not allow the tool \(tool). It can be allowed with the option allowed-tools.")
  }

  private static let nobody = PermissionPolicy.Decision.deny(
    message: "No user can answer now. Continue without an answer, and state your assumptions.")

  @Test("a tool is allowed exactly when the request lists it")
  func named() {
    var options = TurnOptions()
    options.allowedTools = ["Bash", "Edit(/src/**)"]
    options.mcpAllowedTools = ["mcp__a__b"]
    let policy = PermissionPolicy(options)
    #expect(policy.decide(tool: "Bash") == .allow)
    #expect(policy.decide(tool: "mcp__a__b") == .allow)
    // The CLI judged the specifier itself: when it asks nevertheless, the rule did not match.
    #expect(policy.decide(tool: "Edit") == Self.refusal("Edit"))
    #expect(policy.decide(tool: "bash") == Self.refusal("bash"))
    #expect(policy.decide(tool: "mcp__a__c") == Self.refusal("mcp__a__c"))
    #expect(policy.decide(tool: "") == Self.refusal(""))
  }

  @Test("a tool that is allowed for the turn is allowed beside those of the options")
  func ofTheTurn() {
    var options = TurnOptions()
    options.allowedTools = ["Bash"]
    let policy = PermissionPolicy(options, allowing: ["WebSearch"])
    #expect(policy.decide(tool: "WebSearch") == .allow)
    #expect(policy.decide(tool: "Bash") == .allow)
    #expect(policy.decide(tool: "WebFetch") == Self.refusal("WebFetch"))
  }

  @Test(
    "without a list only bypassPermissions allows tools",
    arguments: PermissionMode.allCases.map { ($0, $0 == .bypassPermissions) } + [(nil, false)]
      as [(PermissionMode?, Bool)])
  func modes(mode: PermissionMode?, isAllowed: Bool) {
    var options = TurnOptions()
    options.permissionMode = mode
    #expect(PermissionPolicy(options).decide(tool: "Bash") == (isAllowed ? .allow : Self.refusal("Bash")))
  }

  @Test(
    "tools that ask the user are denied even under bypassPermissions",
    arguments: ["AskUserQuestion", "ExitPlanMode"])
  func questions(tool: String) {
    var options = TurnOptions()
    options.dangerouslySkipPermissions = true
    options.allowedTools = [tool]
    #expect(PermissionPolicy(options).decide(tool: tool) == Self.nobody)
  }

  @Test("a tool above the ceiling cannot be approved")
  func ceiling() {
    let policy = PermissionPolicy(TurnOptions(), ceiling: ToolCeiling(rules: ["Edit"], ceiling: .auto))
    #expect(policy.isForUser("Edit"))
    #expect(!policy.isForUser("Bash"))
    #expect(PermissionPolicy(TurnOptions()).isForUser("Bash"))
  }

  @Test("the response carries the request's id and input")
  func answers() {
    var options = TurnOptions()
    options.allowedTools = ["Bash"]
    let policy = PermissionPolicy(options)
    #expect(
      policy.answer(id: "r1", request: ["tool_name": "Bash", "input": ["command": "ls"]])
        == ControlMessage.allow(id: "r1", input: ["command": "ls"]))
    #expect(policy.answer(id: "r2", request: ["tool_name": "Bash"]) == ControlMessage.allow(id: "r2", input: [:]))
    #expect(
      policy.answer(id: "r3", request: [:])
        == ControlMessage.deny(
          id: "r3",
          message: "The request did not allow the tool . It can be allowed with the option allowed-tools."))
  }
}
