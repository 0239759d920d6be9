import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

struct TurnPolicyTests {
  private func options(_ change: (inout TurnOptions) -> Void) -> TurnOptions {
    var options = TurnOptions()
    change(&options)
    return options
  }

  @Test("a mode passes exactly its own ceiling and higher ones", arguments: PermissionMode.allCases)
  func ceiling(mode: PermissionMode) throws {
    for ceiling in PermissionMode.allCases {
      let policy = TurnPolicy(ceiling: ceiling)
      if mode <= ceiling {
        try policy.check(options { $0.permissionMode = mode })
      } else {
        let error = #expect(throws: RequestError.self) { try policy.check(options { $0.permissionMode = mode }) }
        #expect(error?.status == 403)
        #expect(error?.param == "permission-mode")
        #expect(error?.code == "permission_ceiling")
      }
    }
  }

  @Test("ask counts as the default mode")
  func asking() throws {
    let asking = try TurnOptions(fields: object(#"{"permission-mode":"ask"}"#))
    #expect(asking.forwardsQuestions == true)
    for ceiling in PermissionMode.allCases where ceiling >= .manual {
      try TurnPolicy(ceiling: ceiling).check(asking)
    }
    #expect(
      try refusal { try TurnPolicy(ceiling: .plan).check(asking) } == "403 permission-mode permission_ceiling")
  }

  @Test("skipping permissions is the highest mode; no mode is always allowed")
  func skipping() throws {
    let low = TurnPolicy(ceiling: .auto)
    #expect(throws: RequestError.self) { try low.check(options { $0.dangerouslySkipPermissions = true }) }
    try low.check(options { $0.dangerouslySkipPermissions = false })
    try TurnPolicy(ceiling: .plan).check(TurnOptions())
    try TurnPolicy().check(options { $0.dangerouslySkipPermissions = true })
  }

  @Test(
    "a turn without a mode gets the lower of default and ceiling", arguments: PermissionMode.allCases)
  func defaultMode(ceiling: PermissionMode) {
    let mode: PermissionMode = ceiling == .plan ? .plan : .manual
    #expect(TurnPolicy(ceiling: ceiling).defaultPermissionMode == mode)
  }

  @Test("tools above the ceiling cannot be pre-approved")
  func tools() throws {
    let plan = TurnPolicy(ceiling: .plan)
    try plan.check(options { $0.allowedTools = ["Read"] })
    #expect(
      try refusal { try plan.check(options { $0.allowedTools = ["Read", "Bash"] }) }
        == "403 allowed-tools permission_ceiling")
    let listed = TurnPolicy(toolRules: ["Read", "mcp__a"])
    try listed.check(options { $0.mcpAllowedTools = ["mcp__a__x"] })
    #expect(
      try refusal { try listed.check(options { $0.mcpAllowedTools = ["mcp__b__x"] }) }
        == "403 mcp-allowed-tools permission_ceiling")
  }

  @Test("below the highest ceiling file mentions and commands are rejected")
  func mentionsAndCommands() throws {
    let low = TurnPolicy(ceiling: .auto)
    let error = #expect(throws: RequestError.self) { try low.check(options { $0.fileMentions = true }) }
    #expect(error?.param == "file-mentions")
    try low.check(options { $0.fileMentions = false })
    #expect(throws: RequestError.self) { try low.checkCommand("/init") }
    try low.checkCommand(" /init")
    try low.checkCommand("a/b")
    try TurnPolicy().checkCommand("/init")
  }

  @Test("options in answers count only if this server writes them")
  func pastOptions() {
    let session = "8f8f5a42-04d2-46be-af6d-3ae094375946"
    let history = ChatHistory([
      ChatMessage(role: .user, text: "workspace=a\n\nhello"),
      ChatMessage(
        role: .assistant, text: "session-id=\(session)\ndangerously-skip-permissions=true\n\nhello yourself"),
      ChatMessage(role: .user, text: "go on"),
    ])
    let trusting = history.pastOptions(TurnPolicy(writesSessionIntoContent: true))
    #expect(trusting.dangerouslySkipPermissions == true)
    #expect(trusting.sessionID == session)
    #expect(trusting.workspace == "a")
    let careful = history.pastOptions(TurnPolicy())
    #expect(careful.dangerouslySkipPermissions == nil)
    #expect(careful.sessionID == session)
    #expect(careful.workspace == "a")
    #expect(history.pastOptions(TurnPolicy(readsInBandOptions: false)) == TurnOptions())
  }
}
