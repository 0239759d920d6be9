public import Bytes

/// What `initialize` fixes for a process before its first turn.
public struct Initialization: Equatable, Sendable {
  public var systemPrompt: String?
  public var appendSystemPrompt: String?
  /// The JSON schema of every answer; nil for free text.
  public var outputSchema: JSONValue?
  public var functions: [FunctionDeclaration]

  public init(_ turn: Turn) {
    systemPrompt = turn.options.systemPrompt
    appendSystemPrompt = turn.options.appendSystemPrompt
    outputSchema = turn.outputSchema
    functions = turn.functions
  }
}
