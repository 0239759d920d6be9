import Bytes
import ClaudeCode
import Turns

extension ChatTools {
  /// Reads OpenAI's form.
  ///
  /// - Throws: `RequestError` 400.
  init(_ body: JSONObject) throws {
    var offered = OfferedTools()
    for (tool, path) in try ChatTools.list(body, "tools", { ($0, $1) }) {
      try offered.take(tool, at: path, ChatTools.function)
    }
    try offered.extend(by: ChatTools.additional(body), ChatTools.function)
    for function in try ChatTools.list(
      body, "functions", { try ChatTools.declaration($0, schema: "parameters", at: $1) })
    {
      offered.add(function)
    }
    if let search = body["web_search_options"], search.object != nil {
      offered.allow([ToolKind.webSearch, ToolKind.webFetch], search, type: "web_search_options")
    }
    try self.init(
      offered, choice: body["tool_choice"] ?? body["function_call"] ?? .null,
      areParallel: body["parallel_tool_calls"]?.bool ?? true)
  }

  /// The tools in items of a response's input (Codex CLI 0.163), with their places.
  private static func additional(_ body: JSONObject) -> [(JSONValue, String)] {
    (body["input"]?.array ?? []).enumerated().filter { $0.element["type"] == "additional_tools" }.flatMap { item in
      (item.element["tools"]?.array ?? []).enumerated().map {
        ($0.element, "input[\(item.offset)].tools[\($0.offset)]")
      }
    }
  }

  /// - Parameter choice: in OpenAI's form, or Anthropic's.
  /// - Throws: `RequestError` 400.
  init(
    _ offered: OfferedTools, choice: JSONValue, areParallel: Bool, within bounds: Bounds = .openAI
  ) throws {
    var offered = offered
    try offered.finish()
    let asked = try ToolChoice(choice, offered)
    try self.init(asked.functions, choice: asked.choice, areParallel: areParallel, within: bounds)
    extras = offered.extras
    extras.builtIn = asked.builtIn
    extras.warnings += asked.warnings
  }

  static func list<Element>(
    _ body: JSONObject, _ name: String, within bounds: Bounds = .openAI,
    _ read: (JSONValue, String) throws -> Element
  ) throws -> [Element] {
    guard let value = body[name], !value.isNull else { return [] }
    guard let array = value.array else { throw RequestError.invalid("\(name) must be an array", param: name) }
    guard array.count <= bounds.count else {
      throw RequestError.invalid("\(name): at most \(bounds.count) are allowed", param: "tools")
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
    _ value: JSONValue, schema: String, at path: String, within bounds: Bounds = .openAI
  ) throws -> FunctionDeclaration {
    guard let name = value["name"]?.string, UpstreamName.function.accepts(name), name.utf8.count <= bounds.nameLength
    else {
      throw RequestError.invalid(
        "\(path).name must be 1 to \(bounds.nameLength) letters, digits, _ or -", param: "\(path).name")
    }
    let parameters = value[schema] ?? .null
    guard parameters.isNull || parameters.object != nil else {
      throw RequestError.invalid("\(path).\(schema) must be an object", param: "\(path).\(schema)")
    }
    let adapted = try AdaptedSchema.parameters(parameters, at: "\(path).\(schema)")
    return FunctionDeclaration(
      name: name, description: value["description"]?.string, parameters: adapted.schema, mapping: adapted.mapping)
  }
}
