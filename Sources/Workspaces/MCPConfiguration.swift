public import Bytes

/// The configured MCP servers (`mcp-config.json`).
public struct MCPConfiguration: Sendable, Equatable {
  /// Each server's own settings, by name.
  public let servers: JSONObject

  public init(servers: JSONObject = JSONObject()) { self.servers = servers }

  public var isEmpty: Bool { servers.isEmpty }

  /// The server in a tool's name: `mcp__<server>__<tool>`, or `mcp__<server>` for all its tools. Nil for other names.
  public func server(of tool: String) -> String? {
    guard tool.hasPrefix("mcp__") else { return nil }
    let rest = tool.dropFirst(5)
    // Server names may contain underscores: the longest matching name wins.
    return servers.keys.filter { rest == $0 || rest.hasPrefix("\($0)__") }.max { $0.utf8.count < $1.utf8.count }
  }

  /// Divides tools into those of configured servers and others.
  public func check(_ tools: [String]) -> (known: [String], unknown: [String]) {
    (tools.filter { server(of: $0) != nil }, tools.filter { server(of: $0) == nil })
  }

  /// The part of the configuration that serves `tools`, in the form of `--mcp-config`.
  public func subset(for tools: [String]) -> JSONValue {
    var chosen = JSONObject()
    for name in servers.keys where tools.contains(where: { server(of: $0) == name }) { chosen[name] = servers[name] }
    return ["mcpServers": .object(chosen)]
  }
}
