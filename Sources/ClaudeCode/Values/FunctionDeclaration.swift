public import Bytes

/// A function of the turn's client that the model may call. The CLI sees it as a tool of an MCP server that this server
/// plays.
public struct FunctionDeclaration: Equatable, Sendable {
  /// The client's name for it.
  public var name: String
  public var description: String?
  /// A JSON schema whose type is object, as the upstream accepts it.
  public var parameters: JSONValue
  /// How arguments by `parameters` differ from the client's; nil if they do not.
  public var mapping: ValueMapping?

  public init(name: String, description: String? = nil, parameters: JSONValue = [:], mapping: ValueMapping? = nil) {
    self.name = name
    self.description = description
    self.parameters = parameters
    self.mapping = mapping
  }

  /// Its approximate size in bytes.
  public var size: Int { name.utf8.count + (description?.utf8.count ?? 0) + parameters.size }

  /// The name of the MCP server.
  public static let server = "client"
  private static let prefix = "mcp__client__"

  /// The name the model sees.
  public static func toolName(of function: String) -> String { prefix + function }

  /// The client's name for a tool; nil for a tool that is not the client's.
  public static func function(of tool: String) -> String? {
    tool.hasPrefix(prefix) ? String(tool.dropFirst(prefix.count)) : nil
  }

  /// The tool as MCP lists it. A tool without a schema would make the CLI ignore the whole list; tools marked read-only
  /// are called in parallel (CLI 2.1.329).
  var tool: JSONValue {
    var tool: JSONObject = ["name": .string(name)]
    if let description { tool["description"] = .string(description) }
    tool["inputSchema"] = .object(FunctionDeclaration.objectSchema(parameters))
    tool["annotations"] = ["readOnlyHint": true]
    return .object(tool)
  }

  private static func objectSchema(_ parameters: JSONValue) -> JSONObject {
    var schema = parameters.object ?? JSONObject()
    schema["type"] = "object"
    if schema["properties"]?.object == nil { schema["properties"] = [:] }
    return schema
  }
}

/// The result of a function.
public struct FunctionResult: Equatable, Sendable {
  /// Texts, images, documents and search results.
  public var content: [ContentBlock]
  public var isError: Bool

  /// Whether all of it reaches the model in the live turn that waits for it. A document does not: the CLI takes results
  /// through MCP (2.1.329).
  public var reachesLiveTurn: Bool {
    !content.contains { if case .document = $0 { true } else { false } }
  }

  public init(_ content: [ContentBlock], isError: Bool = false) {
    self.content = content
    self.isError = isError
  }
}
