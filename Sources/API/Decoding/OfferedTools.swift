import Bytes
import ClaudeCode
import Turns

/// The tools of one request while they are read. What is no function becomes one, allows a tool of Claude Code's, or is
/// left out with a warning.
struct OfferedTools {
  /// Reads a function in the form of the dialect.
  typealias FunctionReader = (JSONValue, _ path: String) throws -> FunctionDeclaration

  private(set) var functions: [FunctionDeclaration] = []
  private(set) var extras = ToolExtras()
  /// The tools that were left out: type and place.
  private var leftOut: [(type: String, path: String)] = []

  /// How many types of tools that were left out a warning names, and how many warnings say what is ignored.
  static let maximumNamed = 8
  /// How long the type of a tool is that a warning names, in bytes.
  static let maximumTypeLength = 64

  mutating func add(_ function: FunctionDeclaration) {
    // It may replace a tool of another kind.
    extras.clientTools[function.name] = nil
    functions.append(function)
  }

  /// Takes one tool of the list.
  ///
  /// - Throws: `RequestError` 400.
  mutating func take(
    _ tool: JSONValue, at path: String, in namespace: String? = nil, _ function: FunctionReader
  ) throws {
    switch ToolKind(tool) {
    case .function: declare(try function(tool, path), in: namespace)
    case .custom: try takeCustom(tool, at: path, in: namespace)
    case .namespace where namespace == nil: try takeNamespace(tool, at: path, function)
    case .builtIn(let names): allow(names, tool)
    case .documented(let parameters, let description):
      declare(
        FunctionDeclaration(
          name: try name(tool, at: path), description: description, parameters: parameters), in: namespace)
    case .namespace, .other: leftOut.append((tool["type"]?.string ?? "null", path))
    }
  }

  /// Takes further tools, each of which replaces an earlier one of its name.
  ///
  /// - Throws: `RequestError` 400.
  mutating func extend(by tools: [(JSONValue, String)], _ function: FunctionReader) throws {
    let count = functions.count
    for (tool, path) in tools { try take(tool, at: path, function) }
    var names: Set<String> = []
    let added = functions[count...].reversed().filter { names.insert($0.name).inserted }.reversed()
    functions = functions[..<count].filter { !names.contains($0.name) } + added
  }

  private mutating func declare(_ function: FunctionDeclaration, in namespace: String?) {
    guard let namespace else { return add(function) }
    register(ClientTool(name: function.name, namespace: namespace), function)
  }

  private mutating func register(_ tool: ClientTool, _ function: FunctionDeclaration) {
    var function = function
    function.name = tool.functionName
    extras.clientTools[function.name] = tool
    functions.append(function)
  }

  private mutating func takeNamespace(_ tool: JSONValue, at path: String, _ function: FunctionReader) throws {
    guard let name = tool["name"]?.string, !name.isEmpty else {
      throw RequestError.invalid("\(path).name must be a string", param: "\(path).name")
    }
    guard let tools = tool["tools"]?.array else {
      throw RequestError.invalid("\(path).tools must be an array", param: "\(path).tools")
    }
    for (index, inner) in tools.enumerated() {
      try take(inner, at: "\(path).tools[\(index)]", in: name, function)
    }
  }

  /// In the flat form of responses, or the nested one of chat completions.
  private mutating func takeCustom(_ tool: JSONValue, at path: String, in namespace: String?) throws {
    let inner = tool["custom"] ?? tool
    let path = tool["custom"] == nil ? path : "\(path).custom"
    let client = ClientTool(name: try name(inner, at: path), namespace: namespace, isCustom: true)
    register(
      client,
      FunctionDeclaration(
        name: client.name, description: OfferedTools.description(ofCustom: inner),
        parameters: ClientTool.customParameters))
  }

  private static func description(ofCustom tool: JSONValue) -> String {
    var parts = tool["description"]?.string.map { [$0] } ?? []
    parts.append("Put the whole text, and nothing else, into the string `\(ClientTool.inputName)`.")
    let format = tool["format"] ?? .null
    let grammar = format["grammar"] ?? format
    if format["type"] == "grammar", let definition = grammar["definition"]?.string {
      parts.append("The text has to match this grammar (\(grammar["syntax"]?.string ?? "lark")):\n\(definition)")
    }
    return parts.joined(separator: "\n\n")
  }

  private func name(_ tool: JSONValue, at path: String) throws -> String {
    try ChatTools.declaration(["name": tool["name"] ?? .null], schema: "parameters", at: path).name
  }

  // MARK: Claude Code's own tools

  /// Allows tools of Claude Code's for the turn.
  ///
  /// - Parameter tool: the tool that asks for them, with its settings.
  mutating func allow(_ names: [String], _ tool: JSONValue, type: String? = nil) {
    for name in names where !extras.builtIn.contains(name) { extras.builtIn.append(name) }
    let ignored = OfferedTools.settings.filter { tool[$0].map(OfferedTools.isGiven) ?? false }
    guard !ignored.isEmpty else { return }
    let type = type ?? OfferedTools.shown(tool["type"]?.string ?? "")
    let warning = "ignored in \(type): \(ignored.joined(separator: ", "))"
    // A header has a size.
    guard extras.warnings.count < OfferedTools.maximumNamed, !extras.warnings.contains(warning) else { return }
    extras.warnings.append(warning)
  }

  /// Settings of web tools that Claude Code's have no equivalent for.
  private static let settings = [
    "max_uses", "allowed_domains", "blocked_domains", "filters", "user_location", "search_context_size",
    "max_content_tokens",
  ]

  private static func isGiven(_ value: JSONValue) -> Bool {
    !value.isNull && value.array?.isEmpty != true && value.object?.isEmpty != true
  }

  // MARK: The end of the list

  /// Checks that something is left, and adds the warning about what is not.
  ///
  /// - Throws: `RequestError` 400 if everything was left out.
  mutating func finish() throws {
    guard let first = leftOut.first else { return }
    guard !functions.isEmpty || !extras.builtIn.isEmpty else {
      throw RequestError.invalid(
        "\(first.path): tools of type \(OfferedTools.shown(first.type)) are not available here. Functions and custom "
          + "tools are, and web_search and web_fetch; Claude Code has further tools of its own, and allowed-tools "
          + "lists those it may use.", param: "\(first.path).type", code: "unsupported_parameter")
    }
    var types: [String] = []
    for tool in leftOut where !types.contains(OfferedTools.shown(tool.type)) {
      types.append(OfferedTools.shown(tool.type))
      if types.count > OfferedTools.maximumNamed { break }
    }
    let isLong = types.count > OfferedTools.maximumNamed
    let named = types.prefix(OfferedTools.maximumNamed).joined(separator: ", ") + (isLong ? ", and others" : "")
    extras.warnings.append("tools left out because they are not available here: \(named)")
  }

  /// The type as a header can hold it.
  private static func shown(_ type: String) -> String {
    let isPlain = type.utf8.allSatisfy {
      Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
    return isPlain && (1...maximumTypeLength).contains(type.utf8.count) ? type : "an unknown type"
  }
}
