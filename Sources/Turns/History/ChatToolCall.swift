package import Bytes
package import ClaudeCode

/// A function call, as OpenAI's histories have it.
package struct ChatToolCall: Sendable, Equatable {
  package let id: String
  package let name: String
  /// JSON text.
  package let arguments: String

  /// A permission request as a call, so that any client with function calling can answer it.
  package init(_ question: PermissionQuestion) {
    self.init(id: question.callID, name: PermissionQuestion.function, arguments: question.arguments.text)
  }

  package init(id: String, name: String, arguments: String) {
    self.id = id
    self.name = name
    self.arguments = arguments
  }

  /// The arguments as an object. Other JSON is wrapped in one, so that nothing of a history is lost.
  package var input: JSONValue {
    guard let value = try? JSONValue(parsing: arguments) else {
      return arguments.isEmpty ? [:] : ["arguments": .string(arguments)]
    }
    return value.object != nil ? value : ["arguments": value]
  }

  /// The call as the model made it.
  package var block: ContentBlock { .toolUse(id: id, name: FunctionDeclaration.toolName(of: name), input: input) }
}
