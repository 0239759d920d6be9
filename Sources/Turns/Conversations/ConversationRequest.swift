import Bytes
package import ClaudeCode

/// A request that carries a conversation, in any dialect.
package struct ConversationRequest: Sendable, Equatable {
  package let messages: [ChatMessage]
  package let tools: ChatTools
  /// What the answer has to be, unless a call is required.
  package let format: AnswerForm
  /// Sequences before the first of which the answer ends.
  package let stop: [String]
  package let options: TurnOptions

  /// - Parameter path: the field that holds the messages, for `param`.
  /// - Throws: `RequestError` 400 for a request without a question, or beyond a limit.
  package init(
    messages: [ChatMessage], tools: ChatTools, format: AnswerForm = .text, stop: [String] = [], options: TurnOptions,
    at path: String
  ) throws {
    self.messages = messages
    self.tools = tools
    self.format = format
    self.stop = stop
    self.options = options
    try checkLimits(path)
    try checkQuestion(path)
    try checkAttachments(path)
  }

  private func checkLimits(_ path: String) throws {
    try ConversationRequest.checkCount(messages.count, path)
    let instructions =
      messages.reduce(0) { $0 + ($1.role.isInstruction ? $1.size : 0) } + (options.systemPrompt?.utf8.count ?? 0)
      + (options.appendSystemPrompt?.utf8.count ?? 0)
    guard instructions <= RequestLimits.instructions else {
      throw RequestError.invalid(
        "the instructions are longer than \(RequestLimits.instructions) bytes", param: path,
        code: "instructions_too_long")
    }
  }

  /// - Throws: `RequestError` 400 for too many messages.
  package static func checkCount(_ count: Int, _ path: String) throws {
    guard count <= RequestLimits.messages else {
      throw RequestError.invalid(
        "\(path): at most \(RequestLimits.messages) are allowed, not \(count)", param: path, code: "too_many_messages")
    }
  }

  private func checkQuestion(_ path: String) throws {
    guard !messages.isEmpty else { throw RequestError.invalid("\(path) must not be empty", param: path) }
    guard let last = messages.last(where: { $0.role == .user }) else {
      guard isAskedByInstruction else {
        throw RequestError.invalid("\(path) has no message of role user", param: path)
      }
      return
    }
    guard last.content.contains(where: { $0.text?.isBlank != true }) else {
      throw RequestError.invalid("the last user message is empty", param: path)
    }
  }

  /// Whether an instruction is the question: the last of nothing but instructions, or one behind an answer.
  private var isAskedByInstruction: Bool {
    guard let last = messages.last(where: { !$0.isBlankInstruction }), last.role.isInstruction else { return false }
    return true
  }

  private func checkAttachments(_ path: String) throws {
    let answer = messages.lastIndex { $0.role == .assistant } ?? -1
    let newest = messages[(answer + 1)...].filter { $0.role != .tool }
    try AttachmentBudget.check(newest.flatMap(\.content), path)
  }

  /// A request that continues from a mark, with only the messages since.
  ///
  /// - Throws: `RequestError` 400, as for a complete one, except that results alone are enough.
  package init(since messages: [ChatMessage], tools: ChatTools, options: TurnOptions, at path: String) throws {
    self.messages = messages
    self.tools = tools
    format = .text
    stop = []
    self.options = options
    try checkLimits(path)
    if !messages.contains(where: { $0.role == .tool }) { try checkQuestion(path) }
    try checkAttachments(path)
  }

  /// - Parameter newID: makes the id of a call that the CLI has no id for.
  package func form(newID: () -> String) -> AnswerForm {
    if case .required(let functions) = tools.choice { return .call(functions, id: CallID.made(from: newID())) }
    return format
  }
}
