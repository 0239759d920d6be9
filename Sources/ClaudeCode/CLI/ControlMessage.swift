public import Bytes

/// The lines that are written to the CLI's standard input (stream-json input, CLI 2.1.329). Each ends in a line feed.
public enum ControlMessage {
  /// Sets up the process before its first turn. The system prompt is not a snapshot: a resumed session uses the one
  /// given here.
  public static func initialize(id: String, _ initialization: Initialization) -> [UInt8] {
    var request: JSONObject = ["subtype": "initialize", "systemPromptSnapshot": false]
    if let prompt = initialization.systemPrompt { request["systemPrompt"] = [.string(prompt)] }
    if let prompt = initialization.appendSystemPrompt { request["appendSystemPrompt"] = .string(prompt) }
    if let schema = initialization.outputSchema { request["jsonSchema"] = schema }
    if !initialization.functions.isEmpty { request["sdkMcpServers"] = [.string(FunctionDeclaration.server)] }
    return self.request(id: id, request)
  }

  /// Has no effect, and is answered as soon as the process is up, even before `initialize`.
  public static func status(id: String) -> [UInt8] { request(id: id, ["subtype": "mcp_status"]) }

  /// - Parameter model: nil for the CLI's default.
  public static func setModel(id: String, _ model: String?) -> [UInt8] {
    var request: JSONObject = ["subtype": "set_model"]
    if let model { request["model"] = .string(model) }
    return self.request(id: id, request)
  }

  /// - Parameter mode: nil to ask about everything that is not allowed.
  public static func setPermissionMode(id: String, _ mode: PermissionMode?) -> [UInt8] {
    request(id: id, ["subtype": "set_permission_mode", "mode": .string(name(of: mode))])
  }

  // The flag's `manual` is called `default` here.
  private static func name(of mode: PermissionMode?) -> String {
    mode.map { $0 == .manual ? "default" : $0.name } ?? "default"
  }

  /// Binds a process that was started with `--await-claim` to a new session; the response has its id.
  public static func claimSession(id: String, _ fingerprint: Fingerprint) -> [UInt8] {
    request(
      id: id,
      [
        "subtype": "claim_session", "cwd": .string(fingerprint.directory),
        "permission_mode": .string(name(of: fingerprint.permissionMode)),
      ])
  }

  /// Sets what is otherwise decided by the command line, before the claim; nil if there is nothing to set.
  static func applyFlags(id: String, _ fingerprint: Fingerprint) -> [UInt8]? {
    var settings = JSONObject()
    let tools = fingerprint.claimedTools
    if !tools.isEmpty { settings["permissions"] = ["allow": .array(tools.map { .string($0) })] }
    if let effort = fingerprint.effort { settings["effortLevel"] = .string(effort.rawValue) }
    guard !settings.members.isEmpty else { return nil }
    return request(id: id, ["subtype": "apply_flag_settings", "settings": .object(settings)])
  }

  /// Ends the current turn, which then has its result. The process stays alive.
  public static func interrupt(id: String) -> [UInt8] { request(id: id, ["subtype": "interrupt"]) }

  /// A user's message; it begins a turn.
  ///
  /// The CLI reads a command from the last text block of a message, whether it is the only block or follows an image
  /// (2.1.332). A blank before the `/` makes it text.
  ///
  /// - Parameter takesCommands: whether a block that begins with `/` is a command. If not, every block is text.
  public static func user(_ content: [ContentBlock], takesCommands: Bool = false) -> [UInt8] {
    let blocks = takesCommands ? content : content.map(\.withoutCommand)
    let body: JSONValue =
      if blocks.count == 1, let text = blocks[0].text { .string(text) } else { .array(blocks.map(\.json)) }
    return line([
      "type": "user", "message": ["role": "user", "content": body], "parent_tool_use_id": nil, "session_id": "",
    ])
  }

  public static func user(_ text: String) -> [UInt8] { user([.text(text)]) }

  /// What the user says during a turn. The CLI (2.1.329) takes a text whose first non-blank character is `/` for a turn
  /// of its own. Behind a zero-width space, which the CLI does not count as blank, the text belongs to the current
  /// turn.
  package static func besides(_ content: [ContentBlock]) -> [UInt8] {
    user(
      content.map { block in
        guard let text = block.text, text.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "/" else {
          return block
        }
        return .text("\u{200B}" + text)
      })
  }

  /// Whether the CLI would read a message with this text as a command. Compares bytes: a slash with a combining mark is
  /// another `Character`, but the CLI sees the slash.
  public static func isCommand(_ text: String) -> Bool { text.utf8.first == UInt8(ascii: "/") }

  /// Responds to a message for the MCP server that this server plays.
  static func mcp(id: String, _ message: JSONValue) -> [UInt8] { response(id: id, ["mcp_response": message]) }

  public static func allow(id: String, input: JSONValue) -> [UInt8] {
    response(id: id, ["behavior": "allow", "updatedInput": input])
  }

  public static func deny(id: String, message: String) -> [UInt8] {
    response(id: id, ["behavior": "deny", "message": .string(message)])
  }

  /// Refuses an unknown request of the CLI.
  public static func error(id: String, message: String) -> [UInt8] {
    line([
      "type": "control_response",
      "response": ["subtype": "error", "request_id": .string(id), "error": .string(message)],
    ])
  }

  private static func request(id: String, _ request: JSONObject) -> [UInt8] {
    line(["type": "control_request", "request_id": .string(id), "request": .object(request)])
  }

  private static func response(id: String, _ response: JSONValue) -> [UInt8] {
    line([
      "type": "control_response",
      "response": ["subtype": "success", "request_id": .string(id), "response": response],
    ])
  }

  private static func line(_ value: JSONValue) -> [UInt8] { value.encoded + [Ascii.lineFeed] }
}

extension ContentBlock {
  /// The block with a text that the CLI does not read as a command.
  fileprivate var withoutCommand: ContentBlock {
    guard let text, ControlMessage.isCommand(text) else { return self }
    return .text(" " + text)
  }
}
