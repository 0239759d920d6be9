/// The environment of child processes: the server's own, without its secrets and what would confuse a CLI, plus what
/// makes the CLI safe.
public struct CLIEnvironment: Sendable {
  private let base: [String: String]

  /// - Parameters:
  ///   - inherited: the server's own environment.
  ///   - usesSubscription: removes `ANTHROPIC_API_KEY`, so that the CLI uses its own login.
  public init(inherited: [String: String], usesSubscription: Bool) {
    var base = inherited
    for name in CLIEnvironment.secrets { base[name] = nil }
    // A CLI sets it for its children; a nested CLI would refuse to start.
    base["CLAUDECODE"] = nil
    base["CLAUDE_CODE_ENTRYPOINT"] = nil
    if usesSubscription { base["ANTHROPIC_API_KEY"] = nil }
    self.base = base
  }

  /// Variables of the server's configuration that hold keys or digests of keys. No child gets them.
  public static let secrets: Set = [
    "API_KEY", "API_KEYS", "ADMIN_API_KEYS", "API_KEY_HASHES", "ADMIN_API_KEY_HASHES",
  ]

  public func environment(for fingerprint: Fingerprint) -> [String: String] {
    var environment = base
    // Without it `@/etc/passwd` in a prompt attaches that file and sends it upstream (CLI 2.1.329).
    environment["CLAUDE_CODE_DISABLE_FILE_MENTIONS"] = fingerprint.allowsFileMentions ? nil : "1"
    // Beside built-in tools the CLI would hide the client's functions behind a search for tools.
    if fingerprint.offersAllTools { environment["ENABLE_TOOL_SEARCH"] = "false" }
    return environment
  }

  /// Where the CLI keeps its settings and sessions; nil where it has no such place.
  var configurationDirectory: String? {
    if let directory = base["CLAUDE_CONFIG_DIR"], !directory.isEmpty { return directory }
    return base["HOME"].map { "\($0)/.claude" }
  }

  /// For children that serve no turn, such as `--version`.
  public var plain: [String: String] { base }
}
