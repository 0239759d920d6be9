package import Workspaces

extension RequestError {
  package init(_ error: WorkspaceError) {
    switch error {
    case .badName(let name):
      self = .invalid(
        "The workspace name \(name.prefix(64).debugDescription) is not one path component of letters, digits, '.', "
          + "'_' and '-' (at most \(WorkspaceManager.maximumNameLength))",
        param: "workspace")
    case .unusable(let path, let reason):
      self.init(
        500, type: "server_error", code: "workspace_unusable",
        message: "The workspace \(path.split(separator: "/").last ?? "") cannot be used: \(reason)")
    }
  }

  /// The turn's part of the MCP configuration cannot be written for its CLI.
  package init(_ error: MCPConfigLoader.LoadError) {
    let reason =
      switch error {
      case .unreadable(_, let reason), .invalid(_, let reason), .unwritable(_, let reason): reason
      }
    self.init(
      500, type: "server_error", code: "mcp_config_unusable",
      message: "The configuration of the MCP servers cannot be used: \(reason)")
  }
}
