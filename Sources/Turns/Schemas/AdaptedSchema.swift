package import Bytes
package import ClaudeCode

/// A client's schema in the form in which the CLI and the upstream accept it. It means the same: only annotations are
/// left out, and `mapping` undoes what was moved or renamed.
package struct AdaptedSchema: Sendable, Equatable {
  package let schema: JSONValue
  /// How values differ from the client's; nil if they do not.
  package let mapping: ValueMapping?

  package init(_ schema: JSONValue, mapping: ValueMapping? = nil) {
    self.schema = schema
    self.mapping = mapping
  }

  /// The schema of an answer. The CLI compiles it with Ajv for draft-07 in strict mode, drops it without a word if that
  /// fails, and offers it to the model as the input of the tool `StructuredOutput` (2.1.329).
  ///
  /// - Parameter param: the field of the request, for the error.
  /// - Throws: `RequestError` 400 `invalid_schema` that names the position of the fault.
  package static func answer(_ schema: JSONValue, at param: String) throws -> AdaptedSchema {
    var adapter = try SchemaAdapter(SchemaDocument(schema, at: param), for: .validator)
    return try adapter.adapted(wrapper: "answer")
  }

  /// The schema of a function's arguments, whose root is an object. The upstream requires draft 2020-12.
  ///
  /// - Parameter param: the field of the request, for the error.
  /// - Throws: `RequestError` 400 `invalid_schema` that names the position of the fault.
  package static func parameters(_ schema: JSONValue, at param: String) throws -> AdaptedSchema {
    // These have always meant an object without further limits.
    var object = schema.object ?? JSONObject()
    for name in ["type", "properties"] where object[name] == .null { object[name] = nil }
    let document = SchemaDocument(.object(object), at: param)
    if let type = object["type"], type.string != "object", type.array?.contains("object") != true {
      throw document.fault(["type"], "must be object, because arguments are an object")
    }
    var adapter = try SchemaAdapter(document, for: .upstream)
    return try adapter.adapted(wrapper: "arguments")
  }

  /// Functions of which a call is the answer: its arguments are validated like one.
  ///
  /// - Throws: `RequestError` 400 `invalid_schema`.
  package static func answers(_ functions: [FunctionDeclaration]) throws -> [FunctionDeclaration] {
    var subschemas = 0
    return try functions.map { function in
      let document = SchemaDocument(function.parameters, at: "tools.\(function.name).parameters")
      var adapter = try SchemaAdapter(document, for: .validator, after: subschemas)
      var function = function
      function.parameters = try adapter.readapted()
      subschemas = adapter.subschemas
      return function
    }
  }
}

extension JSONValue {
  /// An adapted schema as a part of another one, at `pointer`.
  func placed(at pointer: String) -> JSONValue {
    guard let object else { return self }
    return .object(
      object.mapValues { member in
        switch SchemaKeyword.all[member.key] {
        case .reference: .string(pointer + (member.value.string ?? "#").dropFirst())
        case let keyword?: keyword.replacing(member.value) { $0.placed(at: pointer) }
        case nil: member.value
        }
      })
  }
}
