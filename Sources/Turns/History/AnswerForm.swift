package import Bytes
package import ClaudeCode

/// What an answer has to be.
package enum AnswerForm: Sendable, Equatable {
  /// Free text.
  case text
  /// JSON that follows this schema, and nothing else.
  case structured(schema: JSONValue)
  /// A call of one of these functions, with this id. The CLI has no option to force a tool; but it enforces schemas,
  /// and the schema can be that of the call.
  case call([FunctionDeclaration], id: String)

  /// The schema for the CLI.
  package var schema: JSONValue? {
    switch self {
    case .text: nil
    case .structured(let schema): schema
    case .call(let functions, _): AnswerForm.schema(of: functions)
    }
  }

  private static func schema(of functions: [FunctionDeclaration]) -> JSONValue {
    if functions.count == 1 { return object(functions[0].parameters) }
    let calls: [JSONValue] = functions.map { function in
      [
        "type": "object",
        "properties": ["name": ["const": .string(function.name)], "arguments": object(function.parameters)],
        "required": ["name", "arguments"],
      ]
    }
    return ["type": "object", "properties": ["call": ["anyOf": .array(calls)]], "required": ["call"]]
  }

  private static func object(_ schema: JSONValue) -> JSONValue {
    var object = schema.object ?? JSONObject()
    object["type"] = "object"
    return .object(object)
  }

  /// The call that a structured answer represents; nil if it is none.
  package func call(_ output: JSONValue) -> ChatToolCall? {
    guard case .call(let functions, let id) = self else { return nil }
    if functions.count == 1 { return ChatToolCall(id: id, name: functions[0].name, arguments: output.text) }
    guard let name = output["call"]?["name"]?.string else { return nil }
    return ChatToolCall(id: id, name: name, arguments: (output["call"]?["arguments"] ?? [:]).text)
  }

  /// - Throws: `RequestError` 400 for a schema that is too large.
  package static func checked(_ schema: JSONValue, _ param: String) throws -> JSONValue {
    guard schema.size <= RequestLimits.declarations else {
      throw RequestError.invalid(
        "\(param) is larger than \(RequestLimits.declarations) bytes", param: param, code: "schema_too_large")
    }
    return schema
  }
}
