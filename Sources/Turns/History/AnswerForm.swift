package import Bytes
package import ClaudeCode

/// What an answer has to be.
package enum AnswerForm: Sendable, Equatable {
  /// Free text.
  case text
  /// JSON that follows this schema, and nothing else.
  ///
  /// - Parameters:
  ///   - schema: as the CLI compiles it.
  ///   - mapping: how an answer by `schema` differs from the client's; nil if it does not.
  case structured(schema: JSONValue, mapping: ValueMapping? = nil)
  /// A call of one of these functions, with this id. The CLI has no option to force a tool; but it enforces schemas,
  /// and the schema can be that of the call.
  case call([FunctionDeclaration], id: String)

  /// The schema for the CLI.
  package var schema: JSONValue? {
    switch self {
    case .text: nil
    case .structured(let schema, _): schema
    case .call(let functions, _): AnswerForm.schema(of: functions)
    }
  }

  private static func schema(of functions: [FunctionDeclaration]) -> JSONValue {
    if functions.count == 1 { return object(functions[0].parameters) }
    let calls: [JSONValue] = functions.enumerated().map { index, function in
      let arguments = object(function.parameters)
        .placed(at: "#/properties/call/anyOf/\(index)/properties/arguments")
      return [
        "type": "object", "properties": ["name": ["const": .string(function.name)], "arguments": arguments],
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
    if functions.count == 1 { return AnswerForm.call(of: functions[0], output, id: id) }
    guard let name = output["call"]?["name"]?.string else { return nil }
    let function = functions.first { $0.name == name } ?? FunctionDeclaration(name: name)
    return AnswerForm.call(of: function, output["call"]?["arguments"] ?? [:], id: id)
  }

  private static func call(of function: FunctionDeclaration, _ arguments: JSONValue, id: String) -> ChatToolCall {
    ChatToolCall(
      id: id, name: function.name, arguments: (function.mapping?.restored(arguments) ?? arguments).text)
  }

  /// A structured answer as the client's schema describes it.
  package func restored(_ output: JSONValue) -> JSONValue {
    guard case .structured(_, let mapping?) = self else { return output }
    return mapping.restored(output)
  }

  /// The form of an answer by a client's schema.
  ///
  /// - Parameter param: the field of the request.
  /// - Throws: `RequestError` 400 for a schema that is too large, or that the CLI cannot compile.
  package static func structured(by schema: JSONValue, at param: String) throws -> AnswerForm {
    try check(schema, param)
    let adapted = try AdaptedSchema.answer(schema, at: param)
    // Parts that are referred to as well are there twice.
    try check(adapted.schema, param)
    return .structured(schema: adapted.schema, mapping: adapted.mapping)
  }

  private static func check(_ schema: JSONValue, _ param: String) throws {
    guard schema.size <= RequestLimits.declarations else {
      throw RequestError.invalid(
        "\(param) is larger than \(RequestLimits.declarations) bytes", param: param, code: "schema_too_large")
    }
  }
}
