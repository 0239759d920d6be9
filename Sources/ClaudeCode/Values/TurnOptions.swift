/// The options that every dialect offers, as far as the client gave them. Nil means the session's earlier value, or
/// else the default.
public struct TurnOptions: Sendable, Equatable {
  public var workspace: String?
  public var sessionID: String?
  public var systemPrompt: String?
  public var appendSystemPrompt: String?
  public var model: String?
  public var effort: Effort?
  public var allowedTools: [String]?
  public var disallowedTools: [String]?
  public var mcpAllowedTools: [String]?
  public var dangerouslySkipPermissions: Bool?
  public var permissionMode: PermissionMode?
  /// Whether permission requests of the CLI are forwarded to the client (`permission-mode: ask`).
  public var forwardsQuestions: Bool?
  public var maxTurns: Int?
  public var maxBudgetUSD: Double?
  public var fileMentions: Bool?
  public var includePartialMessages: Bool?

  public init() {}

  /// How hard the model thinks (`--effort`).
  public enum Effort: String, Sendable, CaseIterable {
    case low, medium, high, xhigh, max
  }

  /// These options, completed with those of `session`. The session id and partial messages belong to a single request
  /// and are not inherited; neither are the limits of a single turn.
  public func inheriting(_ session: TurnOptions) -> TurnOptions {
    var merged = self
    merged.workspace = workspace ?? session.workspace
    merged.systemPrompt = systemPrompt ?? session.systemPrompt
    merged.appendSystemPrompt = appendSystemPrompt ?? session.appendSystemPrompt
    merged.model = model ?? session.model
    merged.effort = effort ?? session.effort
    merged.allowedTools = allowedTools ?? session.allowedTools
    merged.disallowedTools = disallowedTools ?? session.disallowedTools
    merged.mcpAllowedTools = mcpAllowedTools ?? session.mcpAllowedTools
    merged.fileMentions = fileMentions ?? session.fileMentions
    // Two spellings of one setting: giving one replaces both.
    if permissionMode == nil && dangerouslySkipPermissions == nil {
      merged.permissionMode = session.permissionMode
      merged.forwardsQuestions = session.forwardsQuestions
      merged.dangerouslySkipPermissions = session.dangerouslySkipPermissions
    }
    return merged
  }

  /// The permission mode that these options ask for; nil when they leave it to the CLI.
  public var effectivePermissionMode: PermissionMode? {
    if dangerouslySkipPermissions == true { return .bypassPermissions }
    return permissionMode
  }
}
