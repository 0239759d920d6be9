/// What the options say about a tool that is not harmless.
enum ToolPermission {
  case allowed
  case denied
  case ask

  init(_ conversation: Conversation, _ tool: String) {
    let mode = conversation.permissionMode
    if conversation.options.allowedTools.contains(tool) || mode == "bypassPermissions" {
      self = .allowed
    } else if mode == "acceptEdits", BuiltInTools.editing.contains(tool) {
      self = .allowed
    } else {
      self = conversation.options.asksOnStandardInput && mode != "dontAsk" ? .ask : .denied
    }
  }
}
