import Bytes
import ClaudeCode
import Turns

extension ChatToolCall {
  /// The id of a call in the old form, which has none.
  static let legacyID = "function_call"

  /// The calls of an assistant message.
  ///
  /// - Throws: `RequestError` 400.
  static func list(_ message: JSONObject, at path: String) throws -> [ChatToolCall] {
    let calls = try (message["tool_calls"]?.array ?? []).enumerated().map {
      try ChatToolCall($1, at: "\(path).tool_calls[\($0)]")
    }
    guard let old = message["function_call"], !old.isNull else { return calls }
    return try calls + [ChatToolCall(id: legacyID, function: old, at: "\(path).function_call")]
  }

  /// The arguments of a past call as JSON text. OpenAI's form is a string; some clients send the object itself.
  static func arguments(_ value: JSONValue?) -> String {
    guard let value, !value.isNull else { return "{}" }
    return value.string ?? value.text
  }

  private init(_ value: JSONValue, at path: String) throws {
    guard let id = value["id"]?.string, !id.isEmpty else {
      throw RequestError.invalid("\(path).id must be a string", param: "\(path).id")
    }
    if value["type"] == "custom", let custom = value["custom"] {
      self = try ChatToolCall(id: CallID.received(id), custom: custom, at: "\(path).custom")
      return
    }
    try self.init(id: CallID.received(id), function: value["function"] ?? .null, at: "\(path).function")
  }

  private init(id: String, custom: JSONValue, at path: String) throws {
    guard let name = custom["name"]?.string, !name.isEmpty else {
      throw RequestError.invalid("\(path).name must be a string", param: "\(path).name")
    }
    guard let input = custom["input"]?.string else {
      throw RequestError.invalid("\(path).input must be a string", param: "\(path).input")
    }
    self.init(id: id, name: name, arguments: ClientTool.arguments(input: input))
  }

  private init(id: String, function: JSONValue, at path: String) throws {
    guard let name = function["name"]?.string, !name.isEmpty else {
      throw RequestError.invalid("\(path).name must be a string", param: "\(path).name")
    }
    self.init(id: id, name: name, arguments: ChatToolCall.arguments(function["arguments"]))
  }
}
