import ClaudeCode
import HTTPServer

/// What a request that carries a conversation asks for, whatever its dialect.
struct ConversationRequest: Sendable, Equatable {
  let messages: [ChatMessage]
  let tools: ChatTools
  /// What the answer has to be, where no call is required.
  let format: AnswerForm
  /// Sequences before the first of which the answer ends.
  let stop: [String]
  let options: TurnOptions

  /// - Parameter path: the field that holds the messages, for `param`.
  /// - Throws: `HTTPError` 400 where nothing is asked, or too many images come with it.
  init(
    messages: [ChatMessage], tools: ChatTools, format: AnswerForm = .text, stop: [String] = [], options: TurnOptions,
    at path: String
  ) throws {
    self.messages = messages
    self.tools = tools
    self.format = format
    self.stop = stop
    self.options = options
    try checkQuestion(path)
    try checkImages(path)
  }

  private func checkQuestion(_ path: String) throws {
    guard !messages.isEmpty else { throw HTTPError.invalidRequest("\(path) must not be empty", param: path) }
    guard let last = messages.last(where: { $0.role == .user }) else {
      throw HTTPError.invalidRequest("\(path) has no message of role user", param: path)
    }
    guard last.content.contains(where: { $0.text?.allSatisfy(\.isWhitespace) != true }) else {
      throw HTTPError.invalidRequest("the last user message is empty", param: path)
    }
  }

  private func checkImages(_ path: String) throws {
    let count = messages.flatMap(\.content).count { $0.text == nil }
    guard count <= ImageLimits.maximumCount else {
      throw HTTPError.invalidRequest(
        "at most \(ImageLimits.maximumCount) images are taken, not \(count)", param: path, code: "too_many_images")
    }
  }

  /// A request that goes on from a mark: only what has come since.
  ///
  /// - Throws: `HTTPError` 400, as for a whole one; results alone are enough.
  init(since messages: [ChatMessage], tools: ChatTools, options: TurnOptions, at path: String) throws {
    self.messages = messages
    self.tools = tools
    format = .text
    stop = []
    self.options = options
    if !messages.contains(where: { $0.role == .tool }) { try checkQuestion(path) }
    try checkImages(path)
  }

  /// - Parameter newID: names a call that the CLI has no name for.
  func form(newID: () -> String) -> AnswerForm {
    if case .required(let functions) = tools.choice { return .call(functions, id: "call_\(newID())") }
    return format
  }
}
