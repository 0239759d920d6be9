import Bytes
package import ClaudeCode
import Identity

/// The messages of a request, divided into instructions, past and present.
///
/// System and developer messages instruct the model only at the head. Later ones are part of the conversation: some
/// clients report the results of commands that way. In a request of instructions alone the last one is the question.
package struct ChatHistory: Sendable, Equatable {
  /// The leading system and developer messages, joined; nil if there are none.
  package let instructions: String?
  /// All messages up to the last assistant message, which is included.
  package let past: [ChatMessage]
  /// The messages since: results of calls, the user's newest messages, and instructions among them.
  package let present: [ChatMessage]

  package init(_ messages: [ChatMessage]) {
    let given = messages.filter { !$0.isBlankInstruction }
    var head = given.prefix { $0.role.isInstruction }
    var rest = given.dropFirst(head.count)
    if rest.isEmpty, let asked = head.popLast() { rest = [ChatMessage(role: .user, content: asked.content)] }
    instructions = head.isEmpty ? nil : head.map(\.text).joined(separator: "\n\n")
    let spoken = ChatHistory.ordered(ChatHistory.merged(Array(rest)))
    let end = spoken.lastIndex { $0.role == .assistant }.map { $0 + 1 } ?? 0
    past = Array(spoken[..<end])
    present = Array(spoken[end...])
  }

  // Some clients send the text and the calls of one answer as two messages.
  package static func merged(_ messages: [ChatMessage]) -> [ChatMessage] {
    messages.reduce(into: []) { merged, message in
      guard message.role == .assistant, merged.last?.role == .assistant else { return merged.append(message) }
      merged[merged.count - 1].content += message.content
      merged[merged.count - 1].calls += message.calls
    }
  }

  // The upstream wants results directly behind their calls: an instruction between them follows them.
  private static func ordered(_ messages: [ChatMessage]) -> [ChatMessage] {
    guard messages.contains(where: \.role.isInstruction) else { return messages }
    var (ordered, held, open) = ([ChatMessage](), [ChatMessage](), 0)
    for message in messages {
      if message.role.isInstruction, open > 0 {
        held.append(message)
        continue
      }
      open = message.role == .tool ? open - 1 : message.calls.count
      ordered.append(message)
      if open <= 0 {
        ordered += held
        held = []
      }
    }
    return ordered + held
  }

  /// Checks that every call has its result and every result its call, as OpenAI does.
  ///
  /// - Throws: `RequestError` 400.
  package func checkCalls() throws {
    var open: [String: Int] = [:]
    for message in past + present {
      if message.role == .tool {
        guard let count = open[message.toolCallID ?? ""] else {
          throw RequestError.invalid(
            "messages: a tool's result must answer a call of the assistant message before it: "
              + "\(message.toolCallID ?? "") is none of these", param: "messages")
        }
        open[message.toolCallID ?? ""] = count > 1 ? count - 1 : nil
      } else {
        try ChatHistory.checkAnswered(open)
        open = Dictionary(message.calls.map { ($0.id, 1) }, uniquingKeysWith: +)
      }
    }
    try ChatHistory.checkAnswered(open)
  }

  private static func checkAnswered(_ open: [String: Int]) throws {
    guard !open.isEmpty else { return }
    throw RequestError.invalid(
      "messages: an assistant message with calls must be followed by the result of each of them; these have none: "
        + "\(open.keys.sorted().joined(separator: ", "))", param: "messages")
  }

  /// Its approximate size in bytes: a measure of the work it causes.
  package var size: Int { past.reduce(0) { $0 + $1.size } + present.reduce(0) { $0 + $1.size } }

  // MARK: What is asked now

  /// Results of the calls at the end of the past, by their ids.
  package var results: [String: FunctionResult] {
    var results: [String: FunctionResult] = [:]
    for message in present where message.role == .tool {
      results[message.toolCallID ?? ""] = FunctionResult(message.content, isError: message.isError)
    }
    return results
  }

  /// The user's newest content; empty if the request has only results.
  package var question: [ContentBlock] {
    present.filter { $0.role != .tool }.flatMap { $0.role.isInstruction ? $0.marked : $0.content }
  }

  /// The results as the user's words, for a session that has the calls as structured answers.
  ///
  /// - Parameter names: of the functions, by the ids of the calls.
  func resultsAsText(_ names: [String: String]) -> [ContentBlock] {
    present.filter { $0.role == .tool }.flatMap { message in
      let name = names[message.toolCallID ?? ""] ?? "the function"
      return [.text("\(message.isError ? "Error" : "Result") of \(name):")] + message.content
    }
  }

  /// The messages that a new session needs before the question.
  package var preceding: [ChatMessage] { past + present.filter { $0.role == .tool } }

  /// The options at the head of the newest user message, and the history without them.
  package func newestOptions() throws -> (options: TurnOptions, history: ChatHistory) {
    guard let index = present.lastIndex(where: { $0.role == .user }) else { return (TurnOptions(), self) }
    guard let first = present[index].content.firstIndex(where: { $0.text != nil }),
      let text = present[index].content[first].text
    else { return (TurnOptions(), self) }
    let read = try InBandOptions(message: text)
    var present = present
    present[index].content[first] = .text(read.text)
    return (read.options, ChatHistory(instructions, past, present))
  }

  init(_ instructions: String?, _ past: [ChatMessage], _ present: [ChatMessage]) {
    self.instructions = instructions
    self.past = past
    self.present = present
  }

  /// The options that the past has, as far as `policy` trusts them: from the heads of earlier user messages and of this
  /// server's own answers. Other lines at the head of an answer were written by the model: they may name a session of
  /// the same principal, and nothing else.
  package func pastOptions(_ policy: TurnPolicy) -> TurnOptions {
    guard policy.readsInBandOptions else { return TurnOptions() }
    var options = TurnOptions()
    for message in past where message.role == .user || message.role == .assistant {
      let isAnswer = message.role == .assistant
      let read = isAnswer ? InBandOptions(answer: message.firstText) : InBandOptions(lenient: message.firstText)
      var next = isAnswer && !policy.writesSessionIntoContent ? options : read.options.inheriting(options)
      next.sessionID = (isAnswer ? read.options.sessionID : nil) ?? options.sessionID
      options = next
    }
    return options
  }

  // MARK: Positions

  /// The position after `past`.
  package func key(from start: ConversationKey) -> ConversationKey { ChatHistory.extend(start, by: past) }

  /// The position before the last answer.
  package func keyBeforeAnswer(from start: ConversationKey) -> ConversationKey {
    ChatHistory.extend(start, by: past.last?.role == .assistant ? Array(past.dropLast()) : past)
  }

  package static func extend(_ key: ConversationKey, by messages: [ChatMessage]) -> ConversationKey {
    messages.reduce(key) { key, message in
      key.appending(role: message.role.rawValue, text: message.spokenText, rest: message.unspoken)
    }
  }

  // MARK: As native messages

  /// The whole conversation as native messages, the user's newest included.
  ///
  /// - Parameters:
  ///   - policy: whether lines at the heads of user messages are options and not part of the text.
  ///   - functions: those that the request offers.
  package func conversation(
    _ policy: TurnPolicy, offering functions: [FunctionDeclaration] = []
  ) -> [ConversationMessage] {
    let asked = question
    let past = preceding.map { policy.readsInBandOptions ? $0.withoutHead.withoutOptions : $0.withoutHead }
    let calls = PastCalls(past, functions)
    return past.map { calls.adapted($0).conversationMessage }
      + (asked.isEmpty ? [] : [ConversationMessage(.user, asked)])
  }

  /// The history as text, before the question.
  package var words: [ContentBlock] {
    let lines = preceding.map { "\(ChatHistory.title($0.role)): \($0.withoutHead.inWords)" }
    guard !lines.isEmpty else { return question }
    let introduction = "This is the conversation so far. Answer its last message.\n\n"
    let asked = question.compactMap(\.text).joined(separator: "\n")
    let last = asked.isEmpty ? [] : ["\(ChatHistory.title(.user)): \(asked)"]
    return [.text(introduction + (lines + last).joined(separator: "\n\n"))] + question.filter { $0.text == nil }
  }

  private static func title(_ role: ChatMessage.Role) -> String {
    switch role {
    case .user: "User"
    case .assistant: "Assistant"
    case .tool: "Tool result"
    case .system, .developer: "System"
    }
  }
}

extension ContentBlock {
  /// What a block other than text adds to its message's position in a conversation.
  fileprivate var position: String? {
    switch self {
    case .image(let type, let data): "image \(type) \(data)"
    case .document(let data, let title): "document \(title ?? "") \(data)"
    case .searchResult(let source, let title, let texts): "found \(source) \(title) \(texts.joined(separator: "\n"))"
    case .text, .toolUse, .toolResult: nil
    }
  }
}

extension ChatMessage {
  /// Without the head that this server wrote, which is not part of the answer; some clients remove it.
  fileprivate var withoutHead: ChatMessage {
    guard role == .assistant, InBandOptions.mayHead(answer: firstText) else { return self }
    var message = self
    message.text = InBandOptions(answer: text).text
    return message
  }

  /// Without the options at the head of a user's message.
  fileprivate var withoutOptions: ChatMessage {
    guard role == .user, let first = content.firstIndex(where: { $0.text != nil }), let text = content[first].text
    else {
      return self
    }
    var message = self
    message.content[first] = .text(InBandOptions(lenient: text).text)
    return message
  }

  fileprivate var spokenText: String { withoutHead.text }

  /// The parts of the message other than its text, for its position in a conversation.
  fileprivate var unspoken: [String] {
    content.compactMap(\.position) + calls.map { "call \($0.id) \($0.name) \($0.input.text)" }
      + (toolCallID.map { ["answers \($0)"] } ?? [])
      + (isError ? ["failed"] : [])
  }

  fileprivate var inWords: String {
    ([text] + calls.map { "[called \($0.name)(\($0.arguments))]" }).filter { !$0.isEmpty }.joined(separator: "\n")
  }
}
