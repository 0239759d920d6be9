import Bytes
import Directives

extension Inbox {
  func answerControl(_ line: JSONValue) {
    guard !conversation.isDeaf, let id = line["request_id"]?.string, let request = line["request"] else { return }
    switch request["subtype"]?.string {
    case "initialize": initialize(id, request)
    case "interrupt":
      writer.controlSuccess(id, ["still_queued": .array(queue.compactMap(\.uuid).map { .string($0) })])
      interrupt()
    case "set_permission_mode": setPermissionMode(id, request["mode"]?.string ?? "")
    case "set_model": setModel(id, request["model"]?.string)
    case "claim_session": claim(id, request)
    case "apply_flag_settings":
      let rules = request["settings"]?["permissions"]?["allow"]?.array?.compactMap(\.string) ?? []
      conversation.allowedTools += LaunchOptions.toolNames(rules)
      writer.controlSuccess(id, [:])
    case "mcp_status": writer.controlSuccess(id, ["mcpServers": []])
    case .some(let subtype) where Inbox.acknowledged.contains(subtype): writer.controlSuccess(id, [:])
    case let subtype:
      let message = "Unsupported control request subtype: \(subtype ?? "undefined")"
      writer.controlError(id, message, code: "unsupported_request")
    }
  }

  private static let acknowledged = [
    "set_max_thinking_tokens", "get_context_usage", "stop_task", "mcp_set_servers", "mcp_reconnect", "mcp_toggle",
    "rewind_files", "get_settings", "end_session",
  ]

  private static let modes = ["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"]

  private func initialize(_ id: String, _ request: JSONValue) {
    conversation.initializeRequest = request
    let commands: [JSONValue] = LineWriter.commands.map { name in
      ["name": .string(name), "description": "", "argumentHint": ""]
    }
    let model: JSONValue = ["value": "default", "resolvedModel": "claude-opus-5-5", "displayName": "Default"]
    let account: JSONValue = ["tokenSource": "none", "apiKeySource": "ANTHROPIC_API_KEY", "apiProvider": "firstParty"]
    writer.controlSuccess(
      id,
      [
        "commands": .array(commands), "agents": [], "output_style": "default", "models": [model], "account": account,
        "current_permission_mode": .string(conversation.permissionMode), "session_state": "idle",
      ])
    if request["sdkMcpServers"]?.array?.contains("client") == true { functions.connect() }
  }

  private func claim(_ id: String, _ request: JSONValue) {
    guard conversation.awaitsClaim else {
      return writer.controlError(id, "not_a_spare: the process was not started with --await-claim", code: "not_a_spare")
    }
    switch conversation.defaults.word(.claim) {
    case "ignore": return
    case "die": console.exit(1)
    case "refuse": return writer.controlError(id, "busy: the process is busy", code: "busy")
    default: break
    }
    let directory = request["cwd"]?.string ?? ""
    let session = writer.ids.uuid()
    guard conversation.claim(directory, mode: request["permission_mode"]?.string ?? "default", id: session) else {
      return writer.controlError(id, "cwd_not_found: the claim cwd does not exist", code: "cwd_not_found")
    }
    writer.controlSuccess(
      id, ["status": "ok", "cwd": .string(directory), "session_id": .string(session), "parked_ms": 1])
  }

  private func setPermissionMode(_ id: String, _ wanted: String) {
    let mode = wanted == "manual" ? "default" : wanted
    guard Inbox.modes.contains(mode) else {
      return writer.controlError(id, "Invalid permission mode: \(wanted)", code: "invalid_request")
    }
    guard mode != "bypassPermissions" || conversation.options.mayBypassPermissions else {
      let message =
        "Cannot set permission mode to bypassPermissions because the session was not launched with "
        + "--dangerously-skip-permissions"
      return writer.controlError(id, message, code: "bypass_not_launched")
    }
    conversation.permissionMode = mode
    writer.controlSuccess(id, ["mode": .string(mode)])
    writer.permissionModeChanged()
  }

  private func setModel(_ id: String, _ model: String?) {
    conversation.model = Conversation.resolved(model ?? "default")
    writer.controlSuccess(id, ["model": .string(conversation.model)])
  }
}
