import Bytes

extension LineWriter {
  /// Writes `system/init`. Every turn starts with it.
  ///
  /// - Parameter functions: the tools of the client that are there.
  func initialization(functions: [String]) {
    var line: JSONObject = system("init", ["cwd": .string(conversation.workingDirectory), "session_id": session])
    let structured = conversation.initializeRequest?["jsonSchema"] == nil ? [] : ["StructuredOutput"]
    line["tools"] = .array((conversation.options.tools + structured + functions).map { .string($0) })
    line["mcp_servers"] = .array(MCPServers.names(conversation).map { ["name": .string($0), "status": "connected"] })
    line["model"] = .string(conversation.model)
    line["permissionMode"] = .string(conversation.permissionMode)
    line["slash_commands"] = .array(LineWriter.commands.map { .string($0) })
    line["terminal_slash_commands"] = ["doctor", "color", "focus", "reload-plugins"]
    line["apiKeySource"] = "ANTHROPIC_API_KEY"
    line["claude_code_version"] = "0.0.0-simulator"
    line["output_style"] = "default"
    line["agents"] = ["claude", "Explore", "general-purpose", "Plan"]
    line["skills"] = []
    line["plugins"] = []
    line["capabilities"] = ["interrupt_receipt_v1", "sdk_mcp_tools_list_changed", "sdk_mcp_manifests"]
    line["analytics_disabled"] = true
    line["product_feedback_disabled"] = true
    line["served_by_anthropic"] = false
    line["uuid"] = uuid
    line["original_cwd"] = .string(conversation.workingDirectory)
    line["additional_directories"] = []
    line["fast_mode_state"] = "off"
    line["fast_mode_disabled_reason"] = "sdk_opt_in_required"
    line["per_turn_effort_active"] = true
    line["view_mode"] = "default"
    send(.object(line))
  }

  func requesting() {
    send(.object(system("status", ["status": "requesting", "session_id": session, "uuid": uuid])))
  }

  func permissionModeChanged() {
    let mode: JSONValue = .string(conversation.permissionMode)
    let fields: JSONValue = ["status": nil, "permissionMode": mode, "uuid": uuid, "session_id": session]
    send(.object(system("status", fields)))
  }

  func retryAnnounced(attempt: Int, delay: Int, status: Int?) {
    let fields: JSONValue = [
      "attempt": JSONValue(attempt), "max_retries": 10, "retry_delay_ms": JSONValue(delay),
      "error_status": status.map { JSONValue($0) } ?? nil, "error": .string(UpstreamError(status).name),
      "session_id": session, "uuid": uuid,
    ]
    send(.object(system("api_retry", fields)))
  }

  func thinkingTokens(_ count: Int) {
    let fields: JSONValue = [
      "estimated_tokens": JSONValue(count), "estimated_tokens_delta": 1, "session_id": session, "uuid": uuid,
    ]
    send(.object(system("thinking_tokens", fields)))
  }

  func safeguardNotice() {
    let fields: JSONValue = [
      "content": "Opus 5.5's safeguards stopped the response above · continuing once with that noted",
      "level": "notice", "uuid": uuid, "session_id": session,
    ]
    send(.object(system("informational", fields)))
  }

  static let commands = ["clear", "compact", "config", "context", "help", "init", "model", "review", "usage"]

  private func system(_ subtype: String, _ fields: JSONValue) -> JSONObject {
    var line = JSONObject()
    line["type"] = "system"
    line["subtype"] = .string(subtype)
    for member in fields.object?.members ?? [] { line[member.key] = member.value }
    return line
  }
}

/// The MCP servers that the command line and `initialize` name.
enum MCPServers {
  static func names(_ conversation: Conversation) -> [String] {
    let configured = (conversation.options.flags.list("--mcp-config") ?? []).flatMap(names(inConfiguration:))
    let hosted = conversation.initializeRequest?["sdkMcpServers"]?.array?.compactMap(\.string) ?? []
    return configured + hosted.filter { !configured.contains($0) }
  }

  // The value is JSON text, or the path of a file that contains it.
  private static func names(inConfiguration value: String) -> [String] {
    let text = value.hasPrefix("{") ? value : TextFile.read(value) ?? ""
    return (try? JSONValue(parsing: text))?["mcpServers"]?.object?.keys ?? []
  }
}
