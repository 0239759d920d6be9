import Telemetry
import Testing

@testable import App

struct SettingsTests {
  @Test("the documented defaults")
  func defaults() throws {
    let settings = try Settings([:])
    #expect(settings.port == 3000)
    #expect(settings.host == "127.0.0.1")
    #expect(settings.totalTimeout == .seconds(3600))
    #expect(settings.inactivityTimeout == .seconds(300))
    #expect(settings.killTimeout == .seconds(5))
    #expect(settings.retryPatience == .seconds(5))
    #expect(settings.mcpConfigPath == "mcp-config.json")
    #expect(settings.workspaceBasePath == ".")
    #expect(settings.apiKeys == [])
    #expect(settings.logLevel == .debug)
    #expect(settings.logFormat == .pretty)
    #expect(settings.cliPath == nil)
    #expect(settings.modelsPath == nil)
    #expect(settings.allowedOrigins == [])
    #expect(!settings.usesSubscription)
    #expect(!settings.writesSessionIntoContent)
  }

  @Test("each variable arrives")
  func variables() throws {
    let settings = try Settings([
      "PORT": "8080", "HOST": "::1", "CLAUDE_TOTAL_TIMEOUT_MS": "1", "CLAUDE_INACTIVITY_TIMEOUT_MS": "2",
      "PROCESS_KILL_TIMEOUT_MS": "3", "UPSTREAM_RETRY_PATIENCE_MS": "4", "MCP_CONFIG_PATH": "m",
      "WORKSPACE_BASE_PATH": "w", "API_KEY": "c", "API_KEYS": "a, b,", "LOG_LEVEL": "warn", "LOG_FORMAT": "json",
      "CLAUDE_CLI_PATH": "/c", "CLAUDE_USE_SUBSCRIPTION": "true", "SESSION_IN_CONTENT": "on", "MODELS_PATH": "p",
      "ALLOWED_ORIGINS": "https://a.example,https://b.example",
    ])
    #expect(settings.port == 8080)
    #expect(settings.host == "::1")
    #expect(settings.totalTimeout == .milliseconds(1))
    #expect(settings.inactivityTimeout == .milliseconds(2))
    #expect(settings.killTimeout == .milliseconds(3))
    #expect(settings.retryPatience == .milliseconds(4))
    #expect(settings.mcpConfigPath == "m")
    #expect(settings.workspaceBasePath == "w")
    #expect(settings.apiKeys == ["a", "b", "c"])
    #expect(settings.logLevel == .warn)
    #expect(settings.logFormat == .json)
    #expect(settings.cliPath == "/c")
    #expect(settings.usesSubscription)
    #expect(settings.writesSessionIntoContent)
    #expect(settings.modelsPath == "p")
    #expect(settings.allowedOrigins == ["https://a.example", "https://b.example"])
  }

  @Test("an empty value counts as none")
  func empty() throws {
    let names = SettingName.allCases.map { ($0.rawValue, "") }
    #expect(try Settings(Dictionary(uniqueKeysWithValues: names)) == Settings([:]))
  }

  @Test("NODE_ENV chooses the log format, LOG_FORMAT overrides it")
  func logFormat() throws {
    #expect(try Settings(["NODE_ENV": "production"]).logFormat == .json)
    #expect(try Settings(["NODE_ENV": "development"]).logFormat == .pretty)
    #expect(try Settings(["NODE_ENV": "production", "LOG_FORMAT": "pretty"]).logFormat == .pretty)
  }

  @Test("with a key it listens everywhere, without one here only, unless told otherwise")
  func host() throws {
    #expect(try Settings(["API_KEY": "k"]).host == "0.0.0.0")
    #expect(try Settings(["API_KEY": "k", "HOST": "127.0.0.1"]).host == "127.0.0.1")
    #expect(try !Settings(["API_KEY": "k"]).isOpenToTheWorld)
    #expect(try !Settings([:]).isOpenToTheWorld)
    #expect(try Settings(["HOST": "0.0.0.0"]).isOpenToTheWorld)
    #expect(try !Settings(["HOST": "localhost"]).isOpenToTheWorld)
  }

  @Test("both sides of each range", arguments: ["PORT": (0, 65_535), "CLAUDE_TOTAL_TIMEOUT_MS": (1, 2_678_400_000)])
  func ranges(name: String, range: (Int, Int)) throws {
    _ = try Settings([name: String(range.0)])
    _ = try Settings([name: String(range.1)])
    for outside in [range.0 - 1, range.1 + 1] {
      #expect(
        throws: Settings.ConfigurationError(mistakes: [
          "\(name)=\(outside): must be a number from \(range.0) to \(range.1)"
        ])
      ) { try Settings([name: String(outside)]) }
    }
  }

  @Test("all mistakes are told at once")
  func mistakes() {
    #expect(
      throws: Settings.ConfigurationError(mistakes: [
        "PORT=http: must be a number from 0 to 65535", "CLAUDE_USE_SUBSCRIPTION=maybe: must be true or false",
        "LOG_LEVEL=loud: must be one of debug, info, warn, error",
        "NODE_ENV=staging: must be one of development, production, test",
        "LOG_FORMAT=xml: must be one of pretty, json",
      ])
    ) {
      try Settings([
        "PORT": "http", "LOG_LEVEL": "loud", "NODE_ENV": "staging", "LOG_FORMAT": "xml",
        "CLAUDE_USE_SUBSCRIPTION": "maybe",
      ])
    }
  }
}
