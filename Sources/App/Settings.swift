import ClaudeCode
import Identity
import Telemetry

/// The server's configuration: read once, validated as a whole.
struct Settings: Sendable, Equatable {
  var port = 3000
  var host = "127.0.0.1"
  var totalTimeout: Duration = .milliseconds(3_600_000)
  var inactivityTimeout: Duration = .milliseconds(300_000)
  var killTimeout: Duration = .milliseconds(5000)
  var mcpConfigPath = "mcp-config.json"
  var workspaceBasePath = "."
  /// Keys are kept as digests, however they are given.
  var apiKeys: [KeyDigest] = []
  /// Keys of admins, which are API keys as well.
  var adminKeys: [KeyDigest] = []
  var logLevel = LogLevel.debug
  var logFormat = LogFormat.pretty
  var cliPath: String?
  var usesSubscription = false
  var retryTimeout: Duration = .milliseconds(5000)
  var writesSessionIntoContent = false
  var modelsPath: String?
  var allowedOrigins: Set<String> = []
  var allowedHosts: Set<String> = []
  var permissionCeiling = PermissionMode.bypassPermissions
  /// The tools that requests may approve; nil for any.
  var allowedToolsCeiling: [String]?
  var readsInBandOptions = true
  /// For `--setting-sources`; nil leaves it to the CLI.
  var settingSources: String?
  var shutdownGrace: Duration = .milliseconds(10_000)
  var maximumConnections = 10_000
  var maximumBodyBytes = 256 * 1024 * 1024
  var logFile: String?
  var pool = PoolLimits()
  var turns = TurnGate.Limits()
  var retryGrace: Duration = .milliseconds(2000)
  /// A directory for what survives restarts; nil for nothing.
  var statePath: String?
  var toolResultTimeout: Duration = .milliseconds(600_000)
  var runs = RunStore.Limits()

  /// Everything that is wrong with a configuration.
  struct ConfigurationError: Error, Sendable, Equatable {
    let mistakes: [String]
  }

  /// - Parameters:
  ///   - variables: flags over environment over `.env`, merged. An empty value counts as unset.
  ///   - machine: decides how many processes there may be if the variables do not.
  init(_ variables: [String: String], on machine: MachineSize = .small) throws(ConfigurationError) {
    var reader = SettingsReader(variables)
    if let port = reader.integer(.port, 0...65535) { self.port = port }
    if let value = reader.milliseconds(.totalTimeout) { totalTimeout = value }
    if let value = reader.milliseconds(.inactivityTimeout) { inactivityTimeout = value }
    if let value = reader.milliseconds(.killTimeout) { killTimeout = value }
    if let value = reader.milliseconds(.retryTimeout) { retryTimeout = value }
    mcpConfigPath = reader.text(.mcpConfigPath) ?? mcpConfigPath
    workspaceBasePath = reader.text(.workspaceBasePath) ?? workspaceBasePath
    cliPath = reader.absolutePath(.cliPath)
    modelsPath = reader.text(.modelsPath)
    let keys = reader.list(.apiKeys) + (reader.text(.apiKey).map { [$0] } ?? [])
    apiKeys = keys.map(KeyDigest.init(of:)) + reader.digests(.apiKeyHashes)
    adminKeys = reader.list(.adminKeys).map(KeyDigest.init(of:)) + reader.digests(.adminKeyHashes)
    allowedOrigins = Set(reader.list(.allowedOrigins).map { $0.lowercased() })
    allowedHosts = Set(reader.list(.allowedHosts).map { $0.lowercased() })
    readsInBandOptions = reader.bool(.inBandOptions) ?? true
    if let value = reader.milliseconds(.shutdownGrace) { shutdownGrace = value }
    if let value = reader.integer(.maximumConnections, 1...1_000_000) { maximumConnections = value }
    // One principal may hold half of it, and the largest body has 32 MiB.
    if let value = reader.integer(.maximumBodyBytes, 67_108_864...1_099_511_627_776) { maximumBodyBytes = value }
    logFile = reader.text(.logFile)
    statePath = reader.text(.statePath)
    readPool(&reader, machine)
    let ceiling = reader.choice(
      .permissionCeiling, PermissionMode.init(name:), PermissionMode.allCases.map(\.name))
    allowedToolsCeiling = reader.toolRules()
    let sources = reader.settingSources()
    usesSubscription = reader.bool(.usesSubscription) ?? false
    writesSessionIntoContent = reader.bool(.sessionInContent) ?? false
    logLevel = reader.choice(.logLevel, LogLevel.init(name:), LogLevel.allCases.map(\.name)) ?? .debug
    let environments: [String: LogFormat] = ["development": .pretty, "production": .json, "test": .pretty]
    let format = reader.choice(.nodeEnvironment, { environments[$0] }, environments.keys.sorted())
    logFormat =
      reader.choice(.logFormat, LogFormat.init(rawValue:), LogFormat.allCases.map(\.rawValue)) ?? format ?? .pretty
    // Without keys the default is to listen on this machine only.
    host = reader.text(.host) ?? (asksForKey ? "0.0.0.0" : "127.0.0.1")
    permissionCeiling = ceiling ?? (isOpenToTheWorld ? .acceptEdits : .bypassPermissions)
    // A workspace's settings can contain hooks, which run without permission: a way around any ceiling.
    settingSources = sources ?? (permissionCeiling < .bypassPermissions ? "user" : nil)
    guard reader.mistakes.isEmpty else { throw ConfigurationError(mistakes: reader.mistakes) }
  }

  private mutating func readPool(_ reader: inout SettingsReader, _ machine: MachineSize) {
    pool.starts = machine.cores
    pool.processes = reader.integer(.maximumProcesses, 1...100_000) ?? machine.processes
    if let value = reader.integer(.spares, 0...64) { pool.spares = value }
    // Beside the spares there has to be room for turns.
    if pool.spares > 0, pool.processes >= 6 { pool.universalSpares = 1 }
    if let value = reader.milliseconds(.sessionIdle, from: 0) { pool.sessionIdle = value }
    turns.running = reader.integer(.maximumConcurrent, 1...100_000) ?? pool.processes
    pool.idle = reader.integer(.maximumIdle, 0...100_000) ?? machine.idleProcesses
    pool.memoryReserve = machine.memoryReserve
    // With one key nobody else is there to use a reserved slot.
    if Set(apiKeys + adminKeys).count > 1, turns.running > 1 { turns.reserved = max(1, turns.running / 8) }
    if let value = reader.integer(.maximumQueue, 0...100_000) { turns.waiting = value }
    if let value = reader.milliseconds(.queueTimeout) { turns.timeout = value }
    pool.timeout = turns.timeout
    if let value = reader.milliseconds(.retryGrace, from: 0) { retryGrace = value }
    if let value = reader.milliseconds(.toolResultTimeout) { toolResultTimeout = value }
    if let value = reader.milliseconds(.runRetention, from: 0) { runs.retention = value }
    if let value = reader.integer(.runStoreMaximum, 0...Int.max) { runs.total = value }
  }

  var asksForKey: Bool { !apiKeys.isEmpty || !adminKeys.isEmpty }

  /// The number of keys, as text.
  var keySummary: String {
    let admins = Set(adminKeys)
    let all = admins.union(apiKeys)
    if all.isEmpty { return "none" }
    return "\(all.count) key(s)" + (admins.isEmpty ? "" : ", \(admins.count) of them admin")
  }

  /// Whether anybody on the network may use the agent.
  var isOpenToTheWorld: Bool {
    !asksForKey && !["127.0.0.1", "::1", "localhost"].contains(host) && !host.hasPrefix("unix:")
  }
}

/// Reads variables into types and collects the errors.
private struct SettingsReader {
  private let variables: [String: String]
  private(set) var mistakes: [String] = []

  init(_ variables: [String: String]) { self.variables = variables }

  func text(_ name: SettingName) -> String? {
    guard let value = variables[name.rawValue], !value.isEmpty else { return nil }
    return value
  }

  /// An absolute path: children run in other directories, where a relative path would mean another file.
  mutating func absolutePath(_ name: SettingName) -> String? {
    guard let text = text(name) else { return nil }
    return text.hasPrefix("/") ? text : mistake(name, text, "must be an absolute path")
  }

  func list(_ name: SettingName) -> [String] {
    (text(name) ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
  }

  /// Digests of keys. An error names the entry's position and not the entry, which may be a key.
  mutating func digests(_ name: SettingName) -> [KeyDigest] {
    list(name).enumerated().compactMap { index, entry in
      if let digest = KeyDigest(entry) { return digest }
      mistakes.append("\(name.rawValue): entry \(index + 1) must be sha256: and 64 hexadecimal digits")
      return nil
    }
  }

  mutating func integer(_ name: SettingName, _ range: ClosedRange<Int>) -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      return mistake(name, text, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A month at most: more is a mistake of units.
  mutating func milliseconds(_ name: SettingName, from least: Int = 1) -> Duration? {
    integer(name, least...2_678_400_000).map { .milliseconds($0) }
  }

  mutating func bool(_ name: SettingName) -> Bool? {
    guard let text = text(name) else { return nil }
    switch text.lowercased() {
    case "true", "on", "1", "yes": return true
    case "false", "off", "0", "no": return false
    default: return mistake(name, text, "must be true or false")
    }
  }

  mutating func choice<Value>(_ name: SettingName, _ read: (String) -> Value?, _ names: [String]) -> Value? {
    guard let text = text(name) else { return nil }
    return read(text) ?? mistake(name, text, "must be one of \(names.joined(separator: ", "))")
  }

  /// Sources of CLI settings, in the form of `--setting-sources`: `none`, or a list.
  mutating func settingSources() -> String? {
    guard let text = text(.settingSources) else { return nil }
    if text == "none" { return "" }
    guard list(.settingSources).allSatisfy(["user", "project", "local"].contains) else {
      return mistake(.settingSources, text, "must be none, or some of user, project, local")
    }
    return list(.settingSources).joined(separator: ",")
  }

  /// Tool rules in the form of `allowed-tools`: `none`, or a list. A comma inside parentheses belongs to its rule.
  mutating func toolRules() -> [String]? {
    guard let text = text(.allowedToolsCeiling) else { return nil }
    if text == "none" { return [] }
    let rules = CLIArguments.toolRules(in: text)
    guard rules.allSatisfy(CLIArguments.isToolRule) else {
      return mistake(.allowedToolsCeiling, text, "must be none, or tool rules separated by commas, as Read,Bash(git:*)")
    }
    return rules
  }

  private mutating func mistake<Value>(_ name: SettingName, _ text: String, _ rule: String) -> Value? {
    mistakes.append("\(name.rawValue)=\(text): \(rule)")
    return nil
  }
}
