import ClaudeCode
import Testing

struct TurnOptionsTests {
  private static var full: TurnOptions {
    var options = TurnOptions()
    options.workspace = "w"
    options.sessionID = "s"
    options.systemPrompt = "p"
    options.appendSystemPrompt = "a"
    options.model = "m"
    options.effort = .low
    options.allowedTools = ["A"]
    options.disallowedTools = ["D"]
    options.mcpAllowedTools = ["mcp__x"]
    options.permissionMode = .plan
    options.maxTurns = 1
    options.maxBudgetUSD = 1
    options.fileMentions = true
    options.includePartialMessages = true
    return options
  }

  @Test("the next turn inherits the session's options, not those of one turn")
  func inheriting() {
    var expected = Self.full
    expected.sessionID = nil
    expected.maxTurns = nil
    expected.maxBudgetUSD = nil
    expected.includePartialMessages = nil
    #expect(TurnOptions().inheriting(Self.full) == expected)
  }

  @Test("a given option overrides the inherited one, an empty list included")
  func overriding() {
    var given = TurnOptions()
    given.workspace = "other"
    given.systemPrompt = "q"
    given.appendSystemPrompt = "b"
    given.model = "n"
    given.effort = .max
    given.allowedTools = []
    given.disallowedTools = ["E"]
    given.mcpAllowedTools = []
    given.permissionMode = .auto
    given.fileMentions = false
    #expect(given.inheriting(Self.full) == given)
  }

  @Test("each permission option replaces both")
  func permissions() {
    var session = TurnOptions()
    session.dangerouslySkipPermissions = true
    var given = TurnOptions()
    given.permissionMode = .plan
    #expect(given.inheriting(session).effectivePermissionMode == .plan)
    var again = TurnOptions()
    again.dangerouslySkipPermissions = false
    #expect(again.inheriting(session).effectivePermissionMode == nil)
    #expect(TurnOptions().inheriting(session).effectivePermissionMode == .bypassPermissions)
  }

  @Test("forwarding permission requests is inherited until another mode is given")
  func asking() {
    var session = TurnOptions()
    session.permissionMode = .manual
    session.forwardsQuestions = true
    #expect(TurnOptions().inheriting(session) == session)
    for mode in PermissionMode.allCases {
      var given = TurnOptions()
      given.permissionMode = mode
      #expect(given.inheriting(session) == given)
    }
    var skipping = TurnOptions()
    skipping.dangerouslySkipPermissions = true
    #expect(skipping.inheriting(session) == skipping)
    // And the other way round.
    var before = TurnOptions()
    before.permissionMode = .plan
    #expect(session.inheriting(before) == session)
    #expect(session.effectivePermissionMode == .manual)
  }

  @Test("inheriting from equal options changes nothing", arguments: [full, TurnOptions()])
  func nothing(options: TurnOptions) {
    #expect(options.inheriting(TurnOptions()) == options)
  }
}
