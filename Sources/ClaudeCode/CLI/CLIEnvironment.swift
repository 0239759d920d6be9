/// The environment children get: ours, without the server's own secrets and what would confuse a CLI, with what makes
/// it safe.
public struct CLIEnvironment: Sendable {
  private let base: [String: String]

  /// - Parameters:
  ///   - inherited: the server's own environment.
  ///   - usesSubscription: keeps `ANTHROPIC_API_KEY` away, so that the CLI uses its own login.
  public init(inherited: [String: String], usesSubscription: Bool) {
    var base = inherited
    for name in CLIEnvironment.secrets { base[name] = nil }
    // Set by a CLI for what runs inside it; a nested one would refuse to start.
    base["CLAUDECODE"] = nil
    base["CLAUDE_CODE_ENTRYPOINT"] = nil
    if usesSubscription { base["ANTHROPIC_API_KEY"] = nil }
    self.base = base
  }

  /// Variables of the server's own configuration that hold keys, or digests of keys: no child ever sees them.
  public static let secrets: Set = [
    "API_KEY", "API_KEYS", "ADMIN_API_KEYS", "API_KEY_HASHES", "ADMIN_API_KEY_HASHES",
  ]

  public func environment(for fingerprint: Fingerprint) -> [String: String] {
    var environment = base
    // Without it `@/etc/passwd` in a prompt attaches that file and sends it upstream (CLI 2.1.329).
    environment["CLAUDE_CODE_DISABLE_FILE_MENTIONS"] = fingerprint.allowsFileMentions ? nil : "1"
    // Beside built-in tools the client's functions would be hidden behind a search for tools.
    if fingerprint.hasFunctions { environment["ENABLE_TOOL_SEARCH"] = "false" }
    return environment
  }

  /// Where the CLI keeps its settings and sessions; nil where it cannot have any.
  var configurationDirectory: String? {
    if let directory = base["CLAUDE_CONFIG_DIR"], !directory.isEmpty { return directory }
    return base["HOME"].map { "\($0)/.claude" }
  }

  /// For children that serve no turn, as `--version`.
  public var plain: [String: String] { base }
}
