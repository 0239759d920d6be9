/// What only a process's command line and environment can decide. A process can serve any turn with an equal
/// fingerprint; everything else is sent to it when the turn begins.
public struct Fingerprint: Hashable, Sendable {
  public var directory: String
  public var workspaceBase: String?
  public var effort: TurnOptions.Effort?
  public var allowedTools: [String]
  public var disallowedTools: [String]
  /// The built-in tools that exist at all; nil for the CLI's own set. A turn with client functions has only the
  /// built-in tools that it allows.
  public var builtInTools: [String]?
  public var hasFunctions: Bool
  /// Whether the model sees all tools at once. By default the CLI hides some of its own, `WebSearch` among them, behind a
  /// search for tools (2.1.329).
  public var offersAllTools: Bool
  public var mcpConfigPath: String?
  public var maxTurns: Int?
  public var maxBudgetUSD: Double?
  public var allowsFileMentions: Bool
  /// For `--setting-sources`; nil leaves it to the CLI.
  public var settingSources: String?
  /// A process can be switched to another model, but answers 50 ms sooner with the model it was started with (CLI
  /// 2.1.329).
  public var model: String?
  /// Can be switched like the model, except that bypassing permissions must be allowed from the start.
  public var permissionMode: PermissionMode?
  /// Whether the process waits for `claim_session` before it belongs to a directory and a session.
  public private(set) var awaitsClaim = false

  public init(_ turn: Turn, settingSources: String?) {
    let options = turn.options
    directory = turn.directory
    workspaceBase = turn.workspaceBase
    effort = options.effort
    let allowed = (options.allowedTools ?? []) + turn.allowedBuiltInTools
    allowedTools = allowed + (options.mcpAllowedTools ?? [])
    disallowedTools = options.disallowedTools ?? []
    hasFunctions = !turn.functions.isEmpty
    offersAllTools = hasFunctions || !turn.allowedBuiltInTools.isEmpty
    if hasFunctions {
      builtInTools = allowed.map { String($0.prefix { $0 != "(" }) }
      allowedTools.append(Fingerprint.functionRule)
    }
    mcpConfigPath = turn.mcpConfigPath
    maxTurns = options.maxTurns
    maxBudgetUSD = options.maxBudgetUSD
    allowsFileMentions = options.fileMentions == true
    self.settingSources = settingSources
    model = options.model
    permissionMode = turn.permissionMode
  }

  /// A spare that any turn of its kind can claim. There are two kinds: which built-in tools exist is decided at the start.
  private init(hasFunctions: Bool, settingSources: String?) {
    directory = "/"
    allowedTools = hasFunctions ? [Fingerprint.functionRule] : []
    disallowedTools = []
    builtInTools = hasFunctions ? [] : nil
    self.hasFunctions = hasFunctions
    offersAllTools = hasFunctions
    allowsFileMentions = false
    self.settingSources = settingSources
    awaitsClaim = true
  }

  /// The kinds of universal spares: for agents, and for turns with functions of the client.
  static func universal(settingSources: String?) -> [Fingerprint] {
    [false, true].map { Fingerprint(hasFunctions: $0, settingSources: settingSources) }
  }

  /// The universal spare that a turn with this fingerprint can claim; nil if only a process of its own can serve it.
  /// Rules in `disallowedTools` would only be denied, and not hidden from the model.
  public var claimable: Fingerprint? {
    let universal = Fingerprint(hasFunctions: hasFunctions, settingSources: settingSources)
    guard builtInTools == universal.builtInTools, offersAllTools == universal.offersAllTools, disallowedTools.isEmpty,
      mcpConfigPath == nil, maxTurns == nil,
      maxBudgetUSD == nil, !allowsFileMentions, !bypassesPermissions
    else { return nil }
    return universal
  }

  /// Allows the tools of the MCP server that this server plays.
  private static let functionRule = "mcp__\(FunctionDeclaration.server)"

  /// The allowed tools besides the client's functions.
  var claimedTools: [String] { allowedTools.filter { $0 != Fingerprint.functionRule } }

  public var bypassesPermissions: Bool { permissionMode == .bypassPermissions }

  /// Whether a process may serve more than one turn: a budget counts from the start of its process.
  public var allowsFurtherTurns: Bool { maxBudgetUSD == nil }

  /// Whether a process with this fingerprint can be switched to serve `requested`.
  public func canServe(_ requested: Fingerprint) -> Bool {
    (bypassesPermissions || !requested.bypassesPermissions) && fixed == requested.fixed
  }

  /// Without what can be switched in a live process.
  private var fixed: Fingerprint {
    var fixed = self
    fixed.model = nil
    fixed.permissionMode = nil
    return fixed
  }
}
