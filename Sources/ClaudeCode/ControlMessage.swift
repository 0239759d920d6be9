public import Bytes

/// The lines we write to the CLI's standard input (stream-json input, CLI 2.1.329). Each ends in its line end.
public enum ControlMessage {
  /// Specialises the process before its first turn. The system prompt is no snapshot: a resumed session takes the one
  /// given here.
  public static func initialize(id: String, _ initialization: Initialization) -> [UInt8] {
    var request: JSONObject = ["subtype": "initialize", "systemPromptSnapshot": false]
    if let prompt = initialization.systemPrompt { request["systemPrompt"] = [.string(prompt)] }
    if let prompt = initialization.appendSystemPrompt { request["appendSystemPrompt"] = .string(prompt) }
    if let schema = initialization.outputSchema { request["jsonSchema"] = schema }
    if !initialization.functions.isEmpty { request["sdkMcpServers"] = [.string(FunctionDeclaration.server)] }
    return self.request(id: id, request)
  }

  /// Harmless, and answered as soon as the process is up, also before `initialize`.
  public static func status(id: String) -> [UInt8] { request(id: id, ["subtype": "mcp_status"]) }

  /// - Parameter model: nil for the CLI's default.
  public static func setModel(id: String, _ model: String?) -> [UInt8] {
    var request: JSONObject = ["subtype": "set_model"]
    if let model { request["model"] = .string(model) }
    return self.request(id: id, request)
  }

  /// - Parameter mode: nil for asking about everything that is not allowed.
  public static func setPermissionMode(id: String, _ mode: PermissionMode?) -> [UInt8] {
    // The flag's `manual` is called `default` here.
    let name = mode.map { $0 == .manual ? "default" : $0.name } ?? "default"
    return request(id: id, ["subtype": "set_permission_mode", "mode": .string(name)])
  }

  /// Ends the turn under way, which then has its result; the process goes on.
  public static func interrupt(id: String) -> [UInt8] { request(id: id, ["subtype": "interrupt"]) }

  /// A user's message: begins a turn.
  public static func user(_ content: [ContentBlock]) -> [UInt8] {
    let said: JSONValue =
      if content.count == 1, let text = content[0].text { .string(text) } else { .array(content.map(\.json)) }
    return line([
      "type": "user", "message": ["role": "user", "content": said], "parent_tool_use_id": nil, "session_id": "",
    ])
  }

  public static func user(_ text: String) -> [UInt8] { user([.text(text)]) }

  /// Answers a message to an MCP server that we are.
  static func mcp(id: String, _ message: JSONValue) -> [UInt8] { response(id: id, ["mcp_response": message]) }

  public static func allow(id: String, input: JSONValue) -> [UInt8] {
    response(id: id, ["behavior": "allow", "updatedInput": input])
  }

  public static func deny(id: String, message: String) -> [UInt8] {
    response(id: id, ["behavior": "deny", "message": .string(message)])
  }

  /// Refuses a request of the CLI that we do not know.
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
