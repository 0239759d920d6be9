import Bytes
package import ClaudeCode

/// One message of a history.
package struct ChatMessage: Sendable, Equatable {
  package enum Role: String, Sendable {
    case system, developer, user, assistant, tool

    /// Whether it instructs the model instead of being part of the conversation.
    package var isInstruction: Bool { self == .system || self == .developer }
  }

  package let role: Role
  /// Texts, images and documents, in order.
  package var content: [ContentBlock]
  /// The calls of an assistant message.
  package var calls: [ChatToolCall]
  /// The call that a tool message answers.
  package let toolCallID: String?
  /// Whether a tool message reports a failure.
  package var isError = false

  package init(
    role: Role, content: [ContentBlock], calls: [ChatToolCall] = [], toolCallID: String? = nil, isError: Bool = false
  ) {
    self.role = role
    self.content = content
    self.calls = calls
    self.toolCallID = toolCallID
    self.isError = isError
  }

  package init(role: Role, text: String, calls: [ChatToolCall] = [], toolCallID: String? = nil) {
    self.init(role: role, content: text.isEmpty ? [] : [.text(text)], calls: calls, toolCallID: toolCallID)
  }

  /// The result of a call.
  package init(results content: [ContentBlock], of call: String) {
    self.init(role: .tool, content: content, toolCallID: call)
  }

  /// The text of all its parts.
  package var text: String {
    get { content.count == 1 ? content[0].text ?? "" : content.compactMap(\.text).joined(separator: "\n") }
    set { content = (newValue.isEmpty ? [] : [.text(newValue)]) + content.filter { $0.text == nil } }
  }

  /// Its approximate size in bytes: a measure of the work it causes.
  package var size: Int {
    content.reduce(64) { $0 + $1.size } + calls.reduce(0) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
  }

  /// The first of its texts: options are at the head of this one.
  package var firstText: String { content.first { $0.text != nil }?.text ?? "" }

  /// The message as the model sees it.
  package var conversationMessage: ConversationMessage {
    switch role {
    case .assistant: ConversationMessage(.assistant, content + calls.map(\.block))
    case .tool:
      ConversationMessage(.user, [.toolResult(id: toolCallID ?? "", content: content, isError: isError)])
    case .user: ConversationMessage(.user, content)
    case .system, .developer: ConversationMessage(.user, marked)
    }
  }

  /// The content of an instruction within the conversation. It keeps its place, as a marked text of the user.
  package var marked: [ContentBlock] {
    (text.isBlank ? [] : [.text("<system>\(text)</system>")]) + content.filter { $0.text == nil }
  }

  /// Whether it is an instruction without content.
  package var isBlankInstruction: Bool { role.isInstruction && content.allSatisfy { $0.text?.isBlank == true } }
}
