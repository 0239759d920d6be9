import ClaudeCode
import Testing

struct CLIEnvironmentTests {
  private static let inherited = [
    "PATH": "/usr/bin", "HOME": "/home/u", "ANTHROPIC_API_KEY": "sk-ant", "ANTHROPIC_BASE_URL": "http://u",
    "API_KEY": "secret", "API_KEYS": "a,b", "ADMIN_API_KEYS": "c", "API_KEY_HASHES": "sha256:00",
    "ADMIN_API_KEY_HASHES": "sha256:01", "CLAUDECODE": "1", "CLAUDE_CODE_ENTRYPOINT": "cli",
    "IS_SANDBOX": "1",
  ]

  @Test("the server's secrets and another CLI's markers are removed from the environment, and nothing else")
  func scrubbed() {
    let environment = CLIEnvironment(inherited: Self.inherited, usesSubscription: false)
    #expect(
      environment.plain == [
        "PATH": "/usr/bin", "HOME": "/home/u", "ANTHROPIC_API_KEY": "sk-ant", "ANTHROPIC_BASE_URL": "http://u",
        "IS_SANDBOX": "1",
      ])
  }

  @Test("with a subscription the upstream API key is removed too")
  func subscription() {
    let environment = CLIEnvironment(inherited: Self.inherited, usesSubscription: true)
    #expect(
      environment.plain == [
        "PATH": "/usr/bin", "HOME": "/home/u", "ANTHROPIC_BASE_URL": "http://u", "IS_SANDBOX": "1",
      ])
  }

  @Test("an empty environment stays empty")
  func empty() {
    #expect(CLIEnvironment(inherited: [:], usesSubscription: false).plain.isEmpty)
  }

  @Test(
    "file mentions are disabled unless the turn enables them",
    arguments: [(nil, "1"), (false, "1"), (true, nil)] as [(Bool?, String?)])
  func fileMentions(wanted: Bool?, value: String?) {
    var options = TurnOptions()
    options.fileMentions = wanted
    let turn = Turn(prompt: "@/etc/passwd", session: .new(id: "x"), directory: "/", options: options)
    for before in [[:], ["CLAUDE_CODE_DISABLE_FILE_MENTIONS": "0"]] {
      let environment = CLIEnvironment(inherited: before, usesSubscription: false).environment(
        for: Fingerprint(turn, settingSources: nil))
      #expect(environment["CLAUDE_CODE_DISABLE_FILE_MENTIONS"] == value)
    }
  }

  @Test(
    "tool search is disabled exactly when the turn has client functions",
    arguments: [([], nil), (["weather"], "false")] as [([String], String?)])
  func functions(names: [String], value: String?) {
    var turn = Turn(prompt: "", session: .new(id: "x"), directory: "/")
    turn.functions = names.map { FunctionDeclaration(name: $0) }
    let environment = CLIEnvironment(inherited: [:], usesSubscription: false).environment(
      for: Fingerprint(turn, settingSources: nil))
    #expect(environment["ENABLE_TOOL_SEARCH"] == value)
  }

  @Test("a tool that is allowed for the turn is not hidden, one that the options allow is the CLI's to offer")
  func allowedTools() {
    let environment = CLIEnvironment(inherited: [:], usesSubscription: false)
    var turn = Turn(prompt: "", session: .new(id: "x"), directory: "/")
    turn.options.allowedTools = ["WebSearch"]
    #expect(environment.environment(for: Fingerprint(turn, settingSources: nil))["ENABLE_TOOL_SEARCH"] == nil)
    turn.options.allowedTools = nil
    turn.allowedBuiltInTools = ["WebSearch"]
    #expect(environment.environment(for: Fingerprint(turn, settingSources: nil))["ENABLE_TOOL_SEARCH"] == "false")
  }

  @Test("a turn's environment includes the plain one", arguments: [true, false])
  func whole(usesSubscription: Bool) {
    let environment = CLIEnvironment(inherited: Self.inherited, usesSubscription: usesSubscription)
    let turn = Turn(prompt: "", session: .new(id: "x"), directory: "/")
    #expect(
      environment.environment(
        for: Fingerprint(turn, settingSources: nil))
        == environment.plain.merging(["CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1"]) { $1 })
  }
}
