import Bytes

/// The MCP servers that the command line and `initialize` name.
enum MCPServers {
  static func names(_ conversation: Conversation) -> [String] {
    let configured = (conversation.options.flags.list("--mcp-config") ?? []).flatMap(names(inConfiguration:))
    let hosted = conversation.initializeRequest?["sdkMcpServers"]?.array?.compactMap(\.string) ?? []
    return configured + hosted.filter { !configured.contains($0) }
  }

  // The value is JSON text or the path of a file of it.
  private static func names(inConfiguration value: String) -> [String] {
    let text = value.hasPrefix("{") ? value : TextFile.read(value) ?? ""
    return (try? JSONValue(parsing: text))?["mcpServers"]?.object?.keys ?? []
  }
}
