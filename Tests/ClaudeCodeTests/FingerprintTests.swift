import Testing

@testable import ClaudeCode

struct FingerprintTests {
  /// A change to a turn, and what it means for a process that was started for the unchanged one.
  struct Change: Sendable, CustomTestStringConvertible {
    enum Effect: Sendable {
      /// The fingerprint is the same.
      case none
      /// The process can be switched.
      case live
      /// Another process is needed.
      case restart
    }

    let name: String
    let effect: Effect
    let apply: @Sendable (inout Turn) -> Void

    var testDescription: String { name }

    init(_ name: String, _ effect: Effect, _ apply: @escaping @Sendable (inout Turn) -> Void) {
      self.name = name
      self.effect = effect
      self.apply = apply
    }

    static let all = [
      Change("prompt", .none) { $0.content = [.text("q")] },
      Change("session", .none) { $0.session = .resume(id: "t") },
      Change("timeout for retries", .none) { $0.retryTimeout = .seconds(1) },
      Change("workspace's name", .none) { $0.options.workspace = "w" },
      Change("session id", .none) { $0.options.sessionID = "s" },
      Change("partial messages", .none) { $0.options.includePartialMessages = true },
      Change("system prompt", .none) { $0.options.systemPrompt = "p" },
      Change("appended system prompt", .none) { $0.options.appendSystemPrompt = "p" },
      Change("no tools in a list", .none) { $0.options.allowedTools = [] },
      Change("file mentions, forbidden", .none) { $0.options.fileMentions = false },
      Change("permissions, not skipped", .none) { $0.options.dangerouslySkipPermissions = false },
      Change("model", .live) { $0.options.model = "opus" },
      Change("permission mode", .live) { $0.options.permissionMode = .plan },
      Change("permission mode manual", .live) { $0.options.permissionMode = .manual },
      Change("default permission mode", .live) { $0.defaultPermissionMode = .manual },
      Change("bypassed permissions", .restart) { $0.options.permissionMode = .bypassPermissions },
      Change("skipped permissions", .restart) { $0.options.dangerouslySkipPermissions = true },
      Change("directory", .restart) { $0.directory = "/other" },
      Change("base of workspaces", .restart) { $0.workspaceBase = "/" },
      Change("effort", .restart) { $0.options.effort = .high },
      Change("allowed tools", .restart) { $0.options.allowedTools = ["Bash"] },
      Change("built-in tools of this turn", .restart) { $0.allowedBuiltInTools = ["WebSearch"] },
      Change("allowed MCP tools", .restart) { $0.options.mcpAllowedTools = ["mcp__a"] },
      Change("disallowed tools", .restart) { $0.options.disallowedTools = ["Bash"] },
      Change("MCP servers", .restart) { $0.mcpConfigPath = "/mcp.json" },
      Change("turns", .restart) { $0.options.maxTurns = 3 },
      Change("budget", .restart) { $0.options.maxBudgetUSD = 1 },
      Change("file mentions", .restart) { $0.options.fileMentions = true },
    ]
  }

  private let turn = Turn(prompt: "p", session: .new(id: "s"), directory: "/srv")

  private func fingerprint(_ change: Change? = nil, sources: String? = nil) -> Fingerprint {
    var turn = turn
    change?.apply(&turn)
    return Fingerprint(turn, settingSources: sources)
  }

  @Test(
    "each option either changes the fingerprint or does not, and needs a new process or does not", arguments: Change.all
  )
  func options(change: Change) {
    let changed = fingerprint(change)
    #expect((changed == fingerprint()) == (change.effect == .none))
    #expect(fingerprint().canServe(changed) == (change.effect != .restart))
  }

  @Test("other setting sources need another process")
  func settingSources() {
    #expect(!fingerprint().canServe(fingerprint(sources: "user")))
    #expect(!fingerprint(sources: "").canServe(fingerprint()))
    #expect(fingerprint(sources: "user").canServe(fingerprint(sources: "user")))
  }

  @Test(
    "bypassing permissions must be allowed at the start and can be switched off",
    arguments: [
      (nil, nil, true), (nil, .bypassPermissions, false), (.plan, .bypassPermissions, false),
      (.bypassPermissions, .bypassPermissions, true), (.bypassPermissions, .plan, true),
      (.bypassPermissions, nil, true), (.plan, .acceptEdits, true), (.acceptEdits, nil, true),
    ] as [(PermissionMode?, PermissionMode?, Bool)])
  func bypass(has: PermissionMode?, wants: PermissionMode?, canServe: Bool) {
    let process = fingerprint(Change("", .none) { $0.options.permissionMode = has })
    #expect(process.canServe(fingerprint(Change("", .none) { $0.options.permissionMode = wants })) == canServe)
    #expect(process.bypassesPermissions == (has == .bypassPermissions))
  }

  @Test("an explicit permission mode overrides the default")
  func defaultMode() {
    var turn = turn
    turn.defaultPermissionMode = .plan
    #expect(Fingerprint(turn, settingSources: nil).permissionMode == .plan)
    turn.options.permissionMode = .acceptEdits
    #expect(Fingerprint(turn, settingSources: nil).permissionMode == .acceptEdits)
    turn.options.dangerouslySkipPermissions = true
    #expect(Fingerprint(turn, settingSources: nil).permissionMode == .bypassPermissions)
  }

  @Test("a turn with a budget gets a process of its own")
  func budget() {
    #expect(fingerprint().allowsFurtherTurns)
    #expect(!fingerprint(Change("", .none) { $0.options.maxBudgetUSD = 0 }).allowsFurtherTurns)
  }
}
