/// What only a process's command line and environment can decide. Turns with equal fingerprints can be served by each
/// other's processes; everything else is said to a process when its turn comes.
public struct Fingerprint: Hashable, Sendable {
  public var directory: String
  public var workspaceBase: String?
  public var effort: TurnOptions.Effort?
  public var allowedTools: [String]
  public var disallowedTools: [String]
  /// The built-in tools that exist at all; nil for the CLI's own set. A turn with functions of the client has only those
  /// that it allows.
  public var builtInTools: [String]?
  public var hasFunctions: Bool
  public var mcpConfigPath: String?
  public var maxTurns: Int?
  public var maxBudgetUSD: Double?
  public var allowsFileMentions: Bool
  /// For `--setting-sources`; nil leaves it to the CLI.
  public var settingSources: String?
  /// A process can be switched to another model; one that was started with it answers 50 ms sooner (CLI 2.1.329).
  public var model: String?
  /// As with the model; except that bypassing permissions must be allowed from the start.
  public var permissionMode: PermissionMode?

  public init(_ turn: Turn, settingSources: String?) {
    let options = turn.options
    directory = turn.directory
    workspaceBase = turn.workspaceBase
    effort = options.effort
    allowedTools = (options.allowedTools ?? []) + (options.mcpAllowedTools ?? [])
    disallowedTools = options.disallowedTools ?? []
    hasFunctions = !turn.functions.isEmpty
    if hasFunctions {
      builtInTools = (options.allowedTools ?? []).map { String($0.prefix { $0 != "(" }) }
      allowedTools.append("mcp__\(FunctionDeclaration.server)")
    }
    mcpConfigPath = turn.mcpConfigPath
    maxTurns = options.maxTurns
    maxBudgetUSD = options.maxBudgetUSD
    allowsFileMentions = options.fileMentions == true
    self.settingSources = settingSources
    model = options.model
    permissionMode = turn.permissionMode
  }

  public var bypassesPermissions: Bool { permissionMode == .bypassPermissions }

  /// Whether a process may take more than one turn: a budget counts from its start.
  public var allowsFurtherTurns: Bool { maxBudgetUSD == nil }

  /// Whether a process of this fingerprint can be switched to serve `wanted`.
  public func canServe(_ wanted: Fingerprint) -> Bool {
    (bypassesPermissions || !wanted.bypassesPermissions) && fixed == wanted.fixed
  }

  /// Without what can be switched in a live process.
  private var fixed: Fingerprint {
    var fixed = self
    fixed.model = nil
    fixed.permissionMode = nil
    return fixed
  }
}
