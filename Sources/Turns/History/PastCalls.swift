import Bytes
package import ClaudeCode

/// The calls of a history as the upstream accepts them: with names that it takes for functions, and with arguments by
/// the schemas of the functions that are offered now.
package struct PastCalls {
  private let names: PastNames
  private let mappings: [String: ValueMapping]

  /// - Parameter functions: those that the request offers.
  package init(_ messages: [ChatMessage], _ functions: [FunctionDeclaration]) {
    names = PastNames(messages.flatMap { $0.calls.map(\.name) }, offered: functions.map(\.name))
    mappings = functions.reduce(into: [:]) { mappings, function in
      if let mapping = function.mapping { mappings[function.name] = mapping }
    }
  }

  package func adapted(_ message: ChatMessage) -> ChatMessage {
    guard !message.calls.isEmpty else { return message }
    var message = message
    message.calls = message.calls.map(adapted)
    return message
  }

  private func adapted(_ call: ChatToolCall) -> ChatToolCall {
    let arguments = mappings[call.name].map { $0.adapted(call.input).text }
    return ChatToolCall(id: call.id, name: names.name(of: call.name), arguments: arguments ?? call.arguments)
  }
}
