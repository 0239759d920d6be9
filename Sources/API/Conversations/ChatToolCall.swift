import Bytes
import ClaudeCode
import HTTPServer

/// A call of a function, as OpenAI's histories spell it.
struct ChatToolCall: Sendable, Equatable {
  let id: String
  let name: String
  /// JSON text.
  let arguments: String

  /// What stands for an id in the old form, which has none.
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

  private init(_ value: JSONValue, at path: String) throws {
    guard let id = value["id"]?.string, !id.isEmpty else {
      throw RequestError.invalid("\(path).id must be a string", param: "\(path).id")
    }
    try self.init(id: id, function: value["function"] ?? .null, at: "\(path).function")
  }

  private init(id: String, function: JSONValue, at path: String) throws {
    guard let name = function["name"]?.string, !name.isEmpty else {
      throw RequestError.invalid("\(path).name must be a string", param: "\(path).name")
    }
    self.init(id: id, name: name, arguments: function["arguments"]?.string ?? "{}")
  }

  /// A question of the CLI as a call, so that any client that knows function calling can answer it.
  init(_ question: PermissionQuestion) {
    self.init(id: question.callID, name: PermissionQuestion.function, arguments: question.arguments.text)
  }

  init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }

  /// The arguments as an object; what is no JSON object is put into one, so that nothing of a history is lost.
  var input: JSONValue {
    guard let value = try? JSONValue(parsing: arguments) else {
      return arguments.isEmpty ? [:] : ["arguments": .string(arguments)]
    }
    return value.object != nil ? value : ["arguments": value]
  }

  /// The call as the model made it.
  var block: ContentBlock { .toolUse(id: id, name: FunctionDeclaration.toolName(of: name), input: input) }
}
