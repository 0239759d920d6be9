public import Bytes

/// The lines we write to the CLI's standard input (stream-json input, CLI 2.1.329). Each ends in its line end.
public enum ControlMessage {
  /// Specialises the process before its first turn. The system prompt is no snapshot: a resumed session takes the one
  /// given here.
  public static func initialize(id: String, options: TurnOptions) -> [UInt8] {
    var request: JSONObject = ["subtype": "initialize", "systemPromptSnapshot": false]
    if let prompt = options.systemPrompt { request["systemPrompt"] = [.string(prompt)] }
    if let prompt = options.appendSystemPrompt { request["appendSystemPrompt"] = .string(prompt) }
    return self.request(id: id, request)
  }

  public static func interrupt(id: String) -> [UInt8] { request(id: id, ["subtype": "interrupt"]) }

  /// A user's message: begins a turn.
  public static func user(_ text: String) -> [UInt8] {
    line([
      "type": "user", "message": ["role": "user", "content": .string(text)], "parent_tool_use_id": nil,
      "session_id": "",
    ])
  }

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
