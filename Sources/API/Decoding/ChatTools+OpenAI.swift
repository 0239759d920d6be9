import Bytes
import ClaudeCode
import Turns

extension ChatTools {
  /// Reads OpenAI's form.
  ///
  /// - Throws: `RequestError` 400.
  init(_ body: JSONObject) throws {
    var functions = try ChatTools.list(body, "tools") { try ChatTools.function($0, at: $1) }
    functions += try ChatTools.list(body, "functions") {
      try ChatTools.declaration($0, schema: "parameters", at: $1)
    }
    try self.init(
      functions, choice: body["tool_choice"] ?? body["function_call"] ?? .null,
      areParallel: body["parallel_tool_calls"]?.bool ?? true)
  }

  /// - Parameter choice: in OpenAI's form, or Anthropic's.
  /// - Throws: `RequestError` 400.
  init(_ functions: [FunctionDeclaration], choice: JSONValue, areParallel: Bool) throws {
    try self.init(functions, choice: try ChatTools.choice(choice, functions), areParallel: areParallel)
  }

  static func list(
    _ body: JSONObject, _ name: String, _ read: (JSONValue, String) throws -> FunctionDeclaration
  ) throws -> [FunctionDeclaration] {
    guard let value = body[name], !value.isNull else { return [] }
    guard let array = value.array else { throw RequestError.invalid("\(name) must be an array", param: name) }
    guard array.count <= maximumCount else {
      throw RequestError.invalid("\(name): at most \(maximumCount) are allowed", param: "tools")
    }
    return try array.enumerated().map { try read($1, "\(name)[\($0)]") }
  }

  /// OpenAI's form, its flat form of the Responses API, or Anthropic's.
  private static func function(_ tool: JSONValue, at path: String) throws -> FunctionDeclaration {
    if tool["input_schema"] != nil { return try declaration(tool, schema: "input_schema", at: path) }
    guard tool["type"]?.string == "function" else {
      throw RequestError.invalid(
        "\(path).type must be function", param: "\(path).type", code: "unsupported_parameter")
    }
    if let function = tool["function"] {
      return try declaration(function, schema: "parameters", at: "\(path).function")
    }
    return try declaration(tool, schema: "parameters", at: path)
  }

  static func declaration(
    _ value: JSONValue, schema: String, at path: String
  ) throws -> FunctionDeclaration {
    guard let name = value["name"]?.string, isName(name) else {
      throw RequestError.invalid(
        "\(path).name must be 1 to \(maximumNameLength) letters, digits, _ or -", param: "\(path).name")
    }
    let parameters = value[schema] ?? .null
    guard parameters.isNull || parameters.object != nil else {
      throw RequestError.invalid("\(path).\(schema) must be an object", param: "\(path).\(schema)")
    }
    return FunctionDeclaration(
      name: name, description: value["description"]?.string, parameters: parameters.isNull ? [:] : parameters)
  }

  static func isName(_ name: String) -> Bool {
    (1...maximumNameLength).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
      }
  }

  private static func choice(_ value: JSONValue, _ functions: [FunctionDeclaration]) throws -> Choice {
    switch value {
    case .null, "auto": return .auto
    case "none": return .none
    case "required", "any": return try required(functions)
    default: return try named(value, functions)
    }
  }

  private static func named(_ value: JSONValue, _ functions: [FunctionDeclaration]) throws -> Choice {
    switch value["type"]?.string {
    case "auto": return .auto
    case "none": return .none
    case "any", "required": return try required(functions)
    case nil, "function", "tool": break
    case .some(let type): throw refusal("tool_choice of type \(type) cannot be honoured")
    }
    guard let name = value["function"]?["name"]?.string ?? value["name"]?.string else {
      throw refusal("tool_choice must be none, auto, required, or name a function")
    }
    guard let function = functions.first(where: { $0.name == name }) else {
      throw refusal("tool_choice names the function \(name), which is not in tools")
    }
    return .required([function])
  }

  private static func required(_ functions: [FunctionDeclaration]) throws -> Choice {
    guard !functions.isEmpty else { throw refusal("tool_choice requires a call but there are no tools") }
    return .required(functions)
  }

  private static func refusal(_ message: String) -> RequestError {
    RequestError.invalid(message, param: "tool_choice")
  }
}
