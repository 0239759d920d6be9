import ClaudeCode
import Identity
import Telemetry
import TestSupport
import Testing

@testable import App

@Suite(.bounded)
struct SettingsTests {
  @Test("without variables all settings have their defaults")
  func defaults() throws {
    let settings = try Settings([:])
    #expect(settings.port == 3000)
    #expect(settings.host == "127.0.0.1")
    #expect(settings.totalTimeout == .seconds(3600))
    #expect(settings.inactivityTimeout == .seconds(300))
    #expect(settings.killTimeout == .seconds(5))
    #expect(settings.retryTimeout == .seconds(5))
    #expect(settings.shutdownGrace == .seconds(10))
    #expect(settings.mcpConfigPath == "mcp-config.json")
    #expect(settings.workspaceBasePath == ".")
    #expect(settings.apiKeys.isEmpty && settings.adminKeys.isEmpty)
    #expect(settings.logLevel == .debug)
    #expect(settings.logFormat == .pretty)
    #expect(settings.permissionCeiling == .bypassPermissions)
    #expect(settings.maximumConnections == 10_000)
    #expect(settings.maximumBodyBytes == 256 << 20)
    #expect(settings.readsInBandOptions && !settings.writesSessionIntoContent && !settings.usesSubscription)
    #expect(
      settings.cliPath == nil && settings.modelsPath == nil && settings.settingSources == nil && settings.logFile == nil
    )
    #expect(settings.allowedOrigins.isEmpty && settings.allowedHosts.isEmpty)
    #expect(settings.pool.spares == 1 && settings.pool.sessionIdle == .seconds(600))
    #expect(settings.turns.waiting == 100 && settings.turns.timeout == .seconds(8))
    #expect(settings.pool.timeout == settings.turns.timeout)
    #expect(settings.retryGrace == .seconds(2))
  }

  @Test(
    "the process limit depends on memory and cores",
    arguments: [(1, 1, 4), (2, 4, 8), (2, 23, 32), (8, 16, 32), (64, 512, 1024)])
  func processes(cores: Int, gigabytes: Int, expected: Int) throws {
    let settings = try Settings([:], on: MachineSize(cores: cores, memory: gigabytes << 30))
    #expect(settings.pool.processes == expected)
    #expect(settings.turns.running == expected)
    #expect(settings.pool.starts == cores)
  }

  @Test(
    "several keys reserve an eighth of the turns for the keys that have none",
    arguments: [
      ("a", 8, 0), ("a,a", 8, 0), ("a,b", 1, 0), ("a,b", 2, 1), ("a,b", 8, 1), ("a,b", 32, 4),
    ])
  func reserved(keys: String, running: Int, expected: Int) throws {
    let settings = try Settings(["API_KEYS": keys, "CLAUDE_MAX_CONCURRENT": "\(running)"])
    #expect(settings.turns.reserved == expected)
    let admin = try Settings(["API_KEYS": keys, "ADMIN_API_KEYS": "c", "CLAUDE_MAX_CONCURRENT": "8"])
    #expect(admin.turns.reserved == 1)
  }

  @Test("limit: processes below which there are no universal spares", arguments: [(5, 0), (6, 1), (7, 1)])
  func universalSpares(processes: Int, expected: Int) throws {
    let settings = try Settings(["CLAUDE_MAX_PROCESSES": "\(processes)"])
    #expect(settings.pool.universalSpares == expected)
  }

  @Test("an empty value counts as unset", arguments: SettingName.allCases)
  func emptyValues(name: SettingName) throws {
    #expect(try Settings([name.rawValue: ""]) == Settings([:]))
  }

  /// A variable, its value, and what it sets.
  struct Variable: Sendable, CustomTestStringConvertible {
    let name: SettingName
    let value: String
    let set: @Sendable (inout Settings) -> Void

    var testDescription: String { "\(name.rawValue)=\(value)" }

    init(_ name: SettingName, _ value: String, set: @escaping @Sendable (inout Settings) -> Void) {
      self.name = name
      self.value = value
      self.set = set
    }
  }

  /// `printf a | sha256sum`
  private static let digestOfA = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

  private static let variables = [
    Variable(.port, "8080") { $0.port = 8080 },
    Variable(.host, "::1") { $0.host = "::1" },
    Variable(.totalTimeout, "1000") { $0.totalTimeout = .seconds(1) },
    Variable(.inactivityTimeout, "1") { $0.inactivityTimeout = .milliseconds(1) },
    Variable(.killTimeout, "250") { $0.killTimeout = .milliseconds(250) },
    Variable(.retryTimeout, "9") { $0.retryTimeout = .milliseconds(9) },
    Variable(.shutdownGrace, "7") { $0.shutdownGrace = .milliseconds(7) },
    Variable(.mcpConfigPath, "/etc/mcp.json") { $0.mcpConfigPath = "/etc/mcp.json" },
    Variable(.workspaceBasePath, "/srv/work") { $0.workspaceBasePath = "/srv/work" },
    Variable(.apiKey, "a,b c") {
      $0.apiKeys = [KeyDigest(of: "a,b c")]
      $0.host = "0.0.0.0"
    },
    Variable(.apiKeys, "a, b,,c ,") {
      $0.apiKeys = ["a", "b", "c"].map(KeyDigest.init(of:))
      $0.host = "0.0.0.0"
      $0.turns.reserved = 1
    },
    Variable(.adminKeys, "d, e") {
      $0.adminKeys = ["d", "e"].map(KeyDigest.init(of:))
      $0.host = "0.0.0.0"
      $0.turns.reserved = 1
    },
    Variable(.apiKeyHashes, "\(digestOfA), \(digestOfA.dropFirst(7).uppercased())") {
      $0.apiKeys = [KeyDigest(of: "a"), KeyDigest(of: "a")]
      $0.host = "0.0.0.0"
    },
    Variable(.adminKeyHashes, digestOfA) {
      $0.adminKeys = [KeyDigest(of: "a")]
      $0.host = "0.0.0.0"
    },
    Variable(.logLevel, "WARN") { $0.logLevel = .warn },
    Variable(.nodeEnvironment, "production") { $0.logFormat = .json },
    Variable(.nodeEnvironment, "test") { $0.logFormat = .pretty },
    Variable(.logFormat, "json") { $0.logFormat = .json },
    Variable(.cliPath, "/opt/claude") { $0.cliPath = "/opt/claude" },
    Variable(.usesSubscription, "true") { $0.usesSubscription = true },
    Variable(.usesSubscription, "No") { $0.usesSubscription = false },
    Variable(.sessionInContent, "on") { $0.writesSessionIntoContent = true },
    Variable(.inBandOptions, "off") { $0.readsInBandOptions = false },
    Variable(.modelsPath, "models.json") { $0.modelsPath = "models.json" },
    Variable(.allowedOrigins, "https://A.example, null") { $0.allowedOrigins = ["https://a.example", "null"] },
    Variable(.allowedHosts, "A.example,b") { $0.allowedHosts = ["a.example", "b"] },
    Variable(.permissionCeiling, "plan") {
      $0.permissionCeiling = .plan
      $0.settingSources = "user"
    },
    Variable(.permissionCeiling, "default") {
      $0.permissionCeiling = .manual
      $0.settingSources = "user"
    },
    Variable(.permissionCeiling, "bypassPermissions") { $0.permissionCeiling = .bypassPermissions },
    Variable(.allowedToolsCeiling, "none") { $0.allowedToolsCeiling = [] },
    Variable(.allowedToolsCeiling, "Read, Bash(git a, b:*),mcp__x") {
      $0.allowedToolsCeiling = ["Read", "Bash(git a, b:*)", "mcp__x"]
    },
    Variable(.settingSources, "user, project") { $0.settingSources = "user,project" },
    Variable(.settingSources, "none") { $0.settingSources = "" },
    Variable(.maximumConnections, "5") { $0.maximumConnections = 5 },
    Variable(.maximumBodyBytes, "100000000") { $0.maximumBodyBytes = 100_000_000 },
    Variable(.spares, "0") { ($0.pool.spares, $0.pool.universalSpares) = (0, 0) },
    Variable(.maximumProcesses, "3") {
      ($0.pool.processes, $0.pool.universalSpares) = (3, 0)
      $0.turns.running = 3
    },
    Variable(.maximumIdle, "0") { $0.pool.idle = 0 },
    Variable(.sessionIdle, "0") { $0.pool.sessionIdle = .zero },
    Variable(.maximumConcurrent, "2") { $0.turns.running = 2 },
    Variable(.maximumQueue, "0") { $0.turns.waiting = 0 },
    Variable(.queueTimeout, "9") {
      $0.turns.timeout = .milliseconds(9)
      $0.pool.timeout = .milliseconds(9)
    },
    Variable(.retryGrace, "0") { $0.retryGrace = .zero },
    Variable(.toolResultTimeout, "8") { $0.toolResultTimeout = .milliseconds(8) },
    Variable(.runRetention, "9") { $0.runs.retention = .milliseconds(9) },
    Variable(.runStoreMaximum, "10") { $0.runs.total = 10 },
    Variable(.statePath, "/var/lib/x") { $0.statePath = "/var/lib/x" },
    Variable(.logFile, "/var/log/x") { $0.logFile = "/var/log/x" },
  ]

  @Test("each variable sets its own setting only", arguments: variables)
  func variable(variable: Variable) throws {
    var expected = try Settings([:])
    variable.set(&expected)
    #expect(try Settings([variable.name.rawValue: variable.value]) == expected)
  }

  @Test("every variable is covered by this suite", arguments: SettingName.allCases)
  func complete(name: SettingName) {
    #expect(Self.variables.contains { $0.name == name })
  }

  @Test("API_KEY and API_KEYS add up; LOG_FORMAT overrides NODE_ENV")
  func combinations() throws {
    #expect(try Settings(["API_KEY": "c", "API_KEYS": "a,b"]).apiKeys == ["a", "b", "c"].map(KeyDigest.init(of:)))
    #expect(try Settings(["API_KEY_HASHES": Self.digestOfA, "API_KEY": "c"]).apiKeys.count == 2)
    #expect(try Settings(["NODE_ENV": "production", "LOG_FORMAT": "pretty"]).logFormat == .pretty)
    #expect(try Settings(["API_KEY": "c", "HOST": "127.0.0.1"]).host == "127.0.0.1")
  }

  @Test("an invalid digest is reported by position, without its text")
  func badDigests() {
    let error = #expect(throws: Settings.ConfigurationError.self) {
      try Settings([
        "API_KEY_HASHES": "\(Self.digestOfA),sk-live-0123456789",
        "ADMIN_API_KEY_HASHES": "x,sha256:,\(Self.digestOfA)0",
        "PORT": "x",
      ])
    }
    let rule = "must be sha256: and 64 hexadecimal digits"
    #expect(
      error?.mistakes.sorted() == [
        "ADMIN_API_KEY_HASHES: entry 1 \(rule)", "ADMIN_API_KEY_HASHES: entry 2 \(rule)",
        "ADMIN_API_KEY_HASHES: entry 3 \(rule)", "API_KEY_HASHES: entry 2 \(rule)",
        "PORT=x: must be a number from 0 to 65535",
      ])
  }

  @Test(
    "the key summary counts keys and admin keys",
    arguments: [
      ([:], "none"), (["API_KEY": "a"], "1 key(s)"), (["API_KEYS": "a,b", "API_KEY": "a"], "2 key(s)"),
      (["ADMIN_API_KEYS": "a"], "1 key(s), 1 of them admin"),
      (["API_KEYS": "a,b", "API_KEY_HASHES": digestOfA], "2 key(s)"),
      (["API_KEYS": "b", "ADMIN_API_KEY_HASHES": digestOfA], "2 key(s), 1 of them admin"),
      (["API_KEYS": "a,b", "ADMIN_API_KEYS": "b,c"], "3 key(s), 2 of them admin"),
    ] as [([String: String], String)])
  func keySummary(variables: [String: String], summary: String) throws {
    let settings = try Settings(variables)
    #expect(settings.keySummary == summary)
    #expect(settings.asksForKey == !variables.isEmpty)
  }

  @Test(
    "an open server without keys is limited to acceptEdits unless configured",
    arguments: [
      (["HOST": "0.0.0.0"], .acceptEdits, "user"), (["HOST": "0.0.0.0", "API_KEY": "k"], .bypassPermissions, nil),
      (["HOST": "localhost"], .bypassPermissions, nil), (["HOST": "::1"], .bypassPermissions, nil),
      (["HOST": "::"], .acceptEdits, "user"), (["HOST": "unix:/run/x"], .bypassPermissions, nil),
      (["HOST": "0.0.0.0", "PERMISSION_CEILING": "bypassPermissions"], .bypassPermissions, nil),
      (["PERMISSION_CEILING": "acceptEdits", "CLAUDE_SETTING_SOURCES": "none"], .acceptEdits, ""),
    ] as [([String: String], PermissionMode, String?)])
  func ceilings(variables: [String: String], ceiling: PermissionMode, sources: String?) throws {
    let settings = try Settings(variables)
    #expect(settings.permissionCeiling == ceiling)
    #expect(settings.settingSources == sources)
  }

  // MARK: Ranges

  @Test(
    "limits: numbers of every setting",
    arguments: [
      (.port, 0, 65_535), (.totalTimeout, 1, 2_678_400_000), (.inactivityTimeout, 1, 2_678_400_000),
      (.killTimeout, 1, 2_678_400_000), (.retryTimeout, 1, 2_678_400_000), (.shutdownGrace, 1, 2_678_400_000),
      (.maximumConnections, 1, 1_000_000), (.maximumBodyBytes, 67_108_864, 1_099_511_627_776),
    ] as [(SettingName, Int, Int)])
  func ranges(name: SettingName, lowest: Int, highest: Int) async throws {
    let variable = name.rawValue
    for (limit, end, expected) in [
      (lowest, "least", ["refused", "taken", "taken"]), (highest, "most", ["taken", "taken", "refused"]),
    ] {
      let outcomes = try await LimitTable.row("\(variable), \(end)", limit) { offset in
        let value = limit + offset
        let mistakes = mistakes([variable: "\(value)"])
        if mistakes.isEmpty { return "taken" }
        #expect(mistakes == ["\(variable)=\(value): must be a number from \(lowest) to \(highest)"])
        return "refused"
      }
      #expect(outcomes == expected)
    }
  }

  @Test(
    "invalid numbers, words and lists are reported",
    arguments: [
      (.cliPath, "claude", "must be an absolute path"), (.cliPath, "./claude", "must be an absolute path"),
      (.port, "http", "must be a number from 0 to 65535"), (.port, "80.0", "must be a number from 0 to 65535"),
      (.port, " 80", "must be a number from 0 to 65535"),
      (.port, "99999999999999999999", "must be a number from 0 to 65535"),
      (.killTimeout, "5s", "must be a number from 1 to 2678400000"),
      (.logLevel, "loud", "must be one of debug, info, warn, error"),
      (.logFormat, "JSON", "must be one of pretty, json"),
      (.nodeEnvironment, "staging", "must be one of development, production, test"),
      (.usesSubscription, "maybe", "must be true or false"), (.sessionInContent, "2", "must be true or false"),
      (.inBandOptions, "never", "must be true or false"),
      (
        .permissionCeiling, "all",
        "must be one of plan, manual, dontAsk, acceptEdits, auto, bypassPermissions"
      ),
      (
        .allowedToolsCeiling, "Read,Bash(", "must be none, or tool rules separated by commas, as Read,Bash(git:*)"
      ), (.settingSources, "user,everything", "must be none, or some of user, project, local"),
    ] as [(SettingName, String, String)])
  func wrong(name: SettingName, value: String, rule: String) {
    #expect(mistakes([name.rawValue: value]) == ["\(name.rawValue)=\(value): \(rule)"])
  }

  @Test("all mistakes are reported together")
  func everythingWrong() {
    let mistakes = mistakes(["PORT": "x", "LOG_LEVEL": "y", "SESSION_IN_CONTENT": "z", "CLAUDE_TOTAL_TIMEOUT_MS": "0"])
    #expect(
      Set(mistakes) == [
        "PORT=x: must be a number from 0 to 65535", "LOG_LEVEL=y: must be one of debug, info, warn, error",
        "SESSION_IN_CONTENT=z: must be true or false",
        "CLAUDE_TOTAL_TIMEOUT_MS=0: must be a number from 1 to 2678400000",
      ])
    #expect(mistakes.count == 4)
  }

  private func mistakes(_ variables: [String: String]) -> [String] {
    do throws(Settings.ConfigurationError) {
      _ = try Settings(variables)
      return []
    } catch {
      return error.mistakes
    }
  }

  @Test(
    "a server is open unless it has keys or listens on loopback only",
    arguments: [
      ("127.0.0.1", true), ("::1", true), ("localhost", true), ("unix:/run/x", true), ("0.0.0.0", false), ("::", false),
      ("192.168.0.1", false), ("127.0.0.1.example.com", false),
    ])
  func openness(host: String, isClosed: Bool) throws {
    #expect(try Settings(["HOST": host]).isOpenToTheWorld == !isClosed)
    #expect(try !Settings(["HOST": host, "API_KEY": "k"]).isOpenToTheWorld)
    #expect(try !Settings(["HOST": host, "ADMIN_API_KEYS": "k"]).isOpenToTheWorld)
  }
}
