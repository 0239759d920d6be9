import Bytes

/// Answers the CLI's permission requests (`can_use_tool`) from what the request allowed. It asks nobody: a program at
/// the other end of an HTTP stream cannot answer.
public struct PermissionPolicy: Sendable {
  private let mode: PermissionMode?
  private let allowedTools: Set<String>
  private let ceiling: ToolCeiling

  /// - Parameters:
  ///   - builtIn: tools that are allowed for this turn only.
  ///   - ceiling: the tools that the client may approve.
  public init(_ options: TurnOptions, allowing builtIn: [String] = [], ceiling: ToolCeiling = .none) {
    mode = options.effectivePermissionMode
    self.ceiling = ceiling
    allowedTools = Set((options.allowedTools ?? []) + builtIn + (options.mcpAllowedTools ?? []))
  }

  public enum Decision: Sendable, Equatable {
    case allow
    case deny(message: String)
  }

  /// The CLI does not usually ask about tools on the allowed list. Rules with a specifier (`Bash(git:*)`) are judged by
  /// the CLI itself: if it asks nevertheless, they did not match.
  public func decide(tool: String) -> Decision {
    if PermissionPolicy.interactive.contains(tool) {
      return .deny(message: "No user can answer now. Continue without an answer, and state your assumptions.")
    }
    if mode == .bypassPermissions || allowedTools.contains(tool) { return .allow }
    return .deny(
      message: "The request did not allow the tool \(tool). It can be allowed with the option allowed-tools.")
  }

  /// Whether the client decides about this tool. A tool above the ceiling is not the client's to approve.
  func isForUser(_ tool: String) -> Bool {
    !PermissionPolicy.interactive.contains(tool) && ceiling.permits(tool) && decide(tool: tool) != .allow
  }

  /// Tools that ask a person something.
  private static let interactive: Set = ["AskUserQuestion", "ExitPlanMode"]

  /// The line that responds to one `can_use_tool` request.
  func answer(id: String, request: JSONValue) -> [UInt8] {
    switch decide(tool: request["tool_name"]?.string ?? "") {
    case .allow: ControlMessage.allow(id: id, input: request["input"] ?? [:])
    case .deny(let message): ControlMessage.deny(id: id, message: message)
    }
  }
}
