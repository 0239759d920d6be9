import ClaudeCode
import Testing

struct CLIArgumentsTests {
  private static let id = "11111111-2222-4333-8444-555555555555"

  /// An option, and the arguments it adds.
  struct Option: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let options: TurnOptions
    let arguments: [String]

    init(_ arguments: String..., set: (inout TurnOptions) -> Void) {
      var options = TurnOptions()
      set(&options)
      self.options = options
      self.arguments = arguments
      testDescription = arguments.joined(separator: " ")
    }
  }

  private static let options = [
    Option { _ in },
    Option("--model=opus") { $0.model = "opus" },
    Option("--model=--dangerously-skip-permissions") { $0.model = "--dangerously-skip-permissions" },
    Option("--effort=low") { $0.effort = .low },
    Option("--effort=max") { $0.effort = .max },
    Option("--allowedTools=Bash(git log:*),Edit") { $0.allowedTools = ["Bash(git log:*)", "Edit"] },
    Option("--allowedTools=mcp__a__b") { $0.mcpAllowedTools = ["mcp__a__b"] },
    Option("--allowedTools=Read,mcp__a") {
      $0.allowedTools = ["Read"]
      $0.mcpAllowedTools = ["mcp__a"]
    },
    Option {
      $0.allowedTools = []
      $0.mcpAllowedTools = []
      $0.disallowedTools = []
    },
    Option("--disallowedTools=Write,WebFetch") { $0.disallowedTools = ["Write", "WebFetch"] },
    Option("--dangerously-skip-permissions") { $0.dangerouslySkipPermissions = true },
    Option { $0.dangerouslySkipPermissions = false },
    Option("--dangerously-skip-permissions") {
      $0.dangerouslySkipPermissions = true
      $0.permissionMode = .plan
    },
    Option("--permission-mode=plan") {
      $0.dangerouslySkipPermissions = false
      $0.permissionMode = .plan
    },
    Option("--permission-mode=plan") { $0.permissionMode = .plan },
    Option("--permission-mode=manual") { $0.permissionMode = .manual },
    Option("--permission-mode=dontAsk") { $0.permissionMode = .dontAsk },
    Option("--permission-mode=acceptEdits") { $0.permissionMode = .acceptEdits },
    Option("--permission-mode=auto") { $0.permissionMode = .auto },
    Option("--dangerously-skip-permissions") { $0.permissionMode = .bypassPermissions },
    Option("--max-turns=7") { $0.maxTurns = 7 },
    Option("--max-budget-usd=0.25") { $0.maxBudgetUSD = 0.25 },
    // These reach the CLI through its standard input or environment, or not at all.
    Option {
      $0.systemPrompt = "--a"
      $0.appendSystemPrompt = "--b"
      $0.workspace = "w"
      $0.sessionID = "s"
      $0.fileMentions = true
      $0.includePartialMessages = true
    },
  ]

  @Test("each option adds one flag with its value in the same argument", arguments: options)
  func option(option: Option) {
    let turn = Turn(prompt: "--help", session: .new(id: Self.id), directory: "/", options: option.options)
    #expect(
      CLIArguments.arguments(for: Fingerprint(turn, settingSources: nil), turn.session)
        == Self.longLivedForm + ["--session-id=\(Self.id)"] + option.arguments)
  }

  @Test("all options together appear once each in a fixed order")
  func everything() {
    var options = TurnOptions()
    options.model = "sonnet"
    options.effort = .high
    options.allowedTools = ["Bash"]
    options.mcpAllowedTools = ["mcp__x"]
    options.disallowedTools = ["Edit"]
    options.permissionMode = .auto
    options.maxTurns = 3
    options.maxBudgetUSD = 1.5
    let turn = Turn(
      prompt: "p", session: .resume(id: Self.id), directory: "/", options: options, mcpConfigPath: "/tmp/mcp.json")
    #expect(
      CLIArguments.arguments(for: Fingerprint(turn, settingSources: "user"), turn.session)
        == Self.longLivedForm + [
          "--resume=\(Self.id)", "--model=sonnet", "--effort=high", "--allowedTools=Bash,mcp__x",
          "--disallowedTools=Edit", "--mcp-config=/tmp/mcp.json", "--permission-mode=auto", "--max-turns=3",
          "--max-budget-usd=1.5", "--setting-sources=user",
        ])
  }

  @Test("setting sources are passed, the empty list too", arguments: ["", "user", "user,project"])
  func settingSources(sources: String) {
    let turn = Turn(prompt: "", session: .new(id: Self.id), directory: "/")
    let arguments = CLIArguments.arguments(for: Fingerprint(turn, settingSources: sources), turn.session)
    #expect(arguments.last == "--setting-sources=\(sources)")
  }

  private static let longLivedForm = [
    "-p", "--verbose", "--output-format=stream-json", "--input-format=stream-json", "--include-partial-messages",
    "--permission-prompt-tool=stdio", "--strict-mcp-config",
  ]

  @Test(
    "a tool rule is a tool name with at most one specifier",
    arguments: [
      "Bash", "Bash(git log:*)", "Bash(git commit -m \"a, b\")", "Edit(/src/**)", "mcp__server__tool", "mcp__a__*", "*",
      "Bash()", "Bash(a(b)c)", "Read(//**)", "a.b-c:d", "WebFetch(domain:example.com)", "Bash(echo é)",
      "X(\(String(repeating: "a", count: 1021)))",
    ])
  func rules(rule: String) {
    #expect(CLIArguments.isToolRule(rule))
  }

  @Test(
    "text that is no rule, or more than one, is rejected",
    arguments: [
      "", " ", "Bash,Edit", "Bash Edit", " Bash", "Bash ", "Bash(a),Edit", "Bash(a) Edit", "Bash(a)(b)", "Bash(a",
      "Bash(a))", "Bash)a(", "(a)", "Bash(a(b)", "Bash(a)x", "Bash\n", "Bash(a\nb)", "Bash(a\r\nb)", "Bash(a\0b)",
      "Bäsh", "Bash\"", "--allow=x y", "=", "Bash;", "Bash(a)\u{301},Write,x)", "Bash(a\u{2028}b)",
      "X(\(String(repeating: "a", count: 1022)))",
    ])
  func noRules(rule: String) {
    #expect(!CLIArguments.isToolRule(rule))
  }
}
