/// Finds the CLI: the configured path, then PATH, then where its installers put it.
public struct CLILocator: Sendable {
  private let configured: String?
  private let searchPath: String
  private let home: String?

  public init(configured: String?, searchPath: String, home: String?) {
    self.configured = configured
    self.searchPath = searchPath
    self.home = home
  }

  /// Every place looked at, in order. A configured path is the only one: a typo in it must not start another CLI.
  public var candidates: [String] {
    if let configured { return [configured] }
    // A relative entry would be resolved in the workspace that the CLI starts in.
    let onPath = searchPath.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/claude" }
    let inHome = home.map { home in
      [
        "\(home)/.local/bin/claude", "\(home)/.claude/local/claude", "\(home)/.npm-global/bin/claude",
        "\(home)/.bun/bin/claude",
      ]
    }
    let everywhere = onPath + (inHome ?? []) + ["/usr/local/bin/claude", "/opt/homebrew/bin/claude", "/usr/bin/claude"]
    var seen: Set<String> = []
    return everywhere.filter { seen.insert($0).inserted }
  }

  /// The first candidate that `isExecutable` accepts.
  public func locate(isExecutable: (String) -> Bool) -> String? { candidates.first(where: isExecutable) }
}
