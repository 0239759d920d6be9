import Bytes
import ClaudeCode
import Turns

/// What a request's `tool_choice` leaves of its tools, in OpenAI's forms or Anthropic's.
struct ToolChoice {
  private(set) var functions: [FunctionDeclaration]
  /// Claude Code's own tools.
  private(set) var builtIn: [String]
  private(set) var choice = ChatTools.Choice.auto
  /// What cannot be honoured, for the client.
  private(set) var warnings: [String] = []

  /// - Throws: `RequestError` 400 for a choice that cannot be honoured.
  init(_ value: JSONValue, _ offered: OfferedTools) throws {
    functions = offered.functions
    builtIn = offered.extras.builtIn
    try read(value)
  }

  private mutating func read(_ value: JSONValue) throws {
    switch value {
    case .null, "auto": break
    case "none": forbid()
    case "required", "any": try require(functions)
    default: try readObject(value)
    }
  }

  private mutating func readObject(_ value: JSONValue) throws {
    switch value["type"]?.string {
    case "auto": break
    case "none": forbid()
    case "any", "required": try require(functions)
    case nil, "function", "tool", "custom": try readName(value)
    case "allowed_tools": try restrict(value["allowed_tools"] ?? value)
    case .some(let type):
      guard allowsBuiltIn(value) else { throw ToolChoice.refusal("tool_choice of type \(type) cannot be honoured") }
    }
  }

  private mutating func forbid() {
    choice = .none
    builtIn = []
  }

  private mutating func readName(_ value: JSONValue) throws {
    guard let name = ToolChoice.name(in: value) else {
      throw ToolChoice.refusal("tool_choice must be none, auto, required, or name a function")
    }
    if let function = functions.first(where: { $0.name == name }) { return try require([function]) }
    guard allowsBuiltIn(["type": .string(name)]) else {
      throw ToolChoice.refusal("tool_choice names the function \(name), which is not in tools")
    }
  }

  private mutating func require(_ functions: [FunctionDeclaration]) throws {
    guard !functions.isEmpty else {
      throw ToolChoice.refusal("tool_choice requires a call but there are no functions in tools")
    }
    choice = .required(functions)
  }

  /// Whether a tool of Claude Code's stands for the chosen one. The model can be allowed to use it, not made to.
  private mutating func allowsBuiltIn(_ tool: JSONValue) -> Bool {
    guard case .builtIn(let names) = ToolKind(tool), let name = names.first, builtIn.contains(name) else {
      return false
    }
    warnings.append("tool_choice: \(name) is allowed, but cannot be forced")
    return true
  }

  /// Restricts the tools to those of `allowed_tools`.
  private mutating func restrict(_ value: JSONValue) throws {
    guard let tools = value["tools"]?.array else { throw ToolChoice.refusal("tool_choice.tools must be an array") }
    var (named, web) = ([FunctionDeclaration](), [String]())
    for tool in tools {
      if case .builtIn(let names) = ToolKind(tool) {
        web += names.filter { builtIn.contains($0) && !web.contains($0) }
        continue
      }
      guard let name = ToolChoice.name(in: tool), let function = functions.first(where: { $0.name == name }) else {
        throw ToolChoice.refusal(
          "tool_choice.tools names \(ToolChoice.name(in: tool) ?? "a tool"), which is not in tools")
      }
      if !named.contains(where: { $0.name == name }) { named.append(function) }
    }
    builtIn = web
    switch value["mode"]?.string ?? "auto" {
    case "required":
      try require(named)
      functions = named
    case "auto" where named.isEmpty && web.isEmpty: choice = .none
    // Without functions the CLI would have all its own tools.
    case "auto": if named.isEmpty { choice = functions.isEmpty ? .auto : .none } else { functions = named }
    default: throw ToolChoice.refusal("tool_choice.mode must be auto or required")
    }
  }

  private static func name(in value: JSONValue) -> String? {
    let inner = value["function"] ?? value["custom"] ?? value
    guard let name = inner["name"]?.string else { return nil }
    return ClientTool(name: name, namespace: value["namespace"]?.string).functionName
  }

  private static func refusal(_ message: String) -> RequestError {
    RequestError.invalid(message, param: "tool_choice")
  }
}
