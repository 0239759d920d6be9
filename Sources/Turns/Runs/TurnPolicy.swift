public import ClaudeCode

/// What requests may ask for, from any caller.
public struct TurnPolicy: Sendable, Equatable {
  /// The highest permission mode (`PERMISSION_CEILING`).
  public var ceiling: PermissionMode
  /// The tools that a request may approve (`ALLOWED_TOOLS_CEILING`).
  public var toolCeiling: ToolCeiling
  /// Whether lines at the head of a message can be options (`IN_BAND_OPTIONS`).
  public var readsInBandOptions: Bool
  /// Whether answers begin with their session's id and options (`SESSION_IN_CONTENT`). If not, options at the head of
  /// an earlier answer were written by the model.
  public var writesSessionIntoContent: Bool

  public init(
    ceiling: PermissionMode = .bypassPermissions, toolRules: [String]? = nil, readsInBandOptions: Bool = true,
    writesSessionIntoContent: Bool = false
  ) {
    self.ceiling = ceiling
    toolCeiling = ToolCeiling(rules: toolRules, ceiling: ceiling)
    self.readsInBandOptions = readsInBandOptions
    self.writesSessionIntoContent = writesSessionIntoContent
  }

  /// The permission mode of a turn that asks for none: `default`, or the ceiling if that is lower. The `defaultMode` of
  /// the CLI's user settings is not used.
  package var defaultPermissionMode: PermissionMode { min(.manual, ceiling) }

  /// - Throws: `RequestError` 403 above the ceiling.
  package func check(_ options: TurnOptions) throws {
    if let mode = options.effectivePermissionMode, mode > ceiling {
      throw TurnPolicy.forbidden(
        "The permission mode \(mode.name) is above this server's ceiling, \(ceiling.name)", param: "permission-mode")
    }
    if options.fileMentions == true, ceiling < .bypassPermissions {
      throw TurnPolicy.forbidden(
        "File mentions can attach any file of this machine; this server's ceiling, \(ceiling.name), forbids them",
        param: "file-mentions")
    }
    try TurnPolicy.checkLength(options)
    try checkTools(options.allowedTools ?? [], param: "allowed-tools")
    try checkTools(options.mcpAllowedTools ?? [], param: "mcp-allowed-tools")
  }

  /// - Throws: `RequestError` 400 for more tool rules than the CLI's command line can hold.
  package static func checkLength(_ options: TurnOptions) throws {
    let lists: [(OptionName, [String]?)] = [
      (.allowedTools, options.allowedTools), (.disallowedTools, options.disallowedTools),
      (.mcpAllowedTools, options.mcpAllowedTools),
    ]
    var length = 0
    for (name, rules) in lists {
      length += (rules ?? []).reduce(0) { $0 + $1.utf8.count + 1 }
      guard length <= RequestLimits.toolRules else {
        throw RequestError.invalid(
          "\(name.rawValue): all tool rules together are longer than \(RequestLimits.toolRules) bytes",
          param: name.rawValue, code: "too_many_tools")
      }
    }
  }

  private func checkTools(_ rules: [String], param: String) throws {
    guard let refused = rules.first(where: { !toolCeiling.permits($0) }) else { return }
    throw TurnPolicy.forbidden("This server's ceiling does not let requests approve the tool \(refused)", param: param)
  }

  /// Checks a prompt that the CLI would take as a command.
  ///
  /// - Throws: `RequestError` 403 if the ceiling forbids commands: a command can be a file in the workspace that runs
  ///   other programs.
  package func checkCommand(_ prompt: String) throws {
    guard ControlMessage.isCommand(prompt), ceiling < .bypassPermissions else { return }
    throw TurnPolicy.forbidden(
      "Commands of the CLI are not allowed: this server's ceiling is \(ceiling.name). "
        + "A blank before the / makes it text.", param: "prompt")
  }

  static func forbidden(_ message: String, param: String) -> RequestError {
    RequestError(403, type: "permission_error", code: "permission_ceiling", param: param, message: message)
  }
}
