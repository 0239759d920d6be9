import ClaudeCode
import Identity

/// The messages of a request, taken apart: what sets the stage, what has been said, and what is asked now.
struct ChatHistory: Sendable, Equatable {
  /// All system and developer messages, joined; nil without any.
  let instructions: String?
  /// What was said up to the last assistant message, that one included.
  let past: [ChatMessage]
  /// What has come since: the new prompt.
  let present: [ChatMessage]

  init(_ messages: [ChatMessage]) {
    let instructions = messages.filter { $0.role.isInstruction && !$0.text.isEmpty }.map(\.text)
    self.instructions = instructions.isEmpty ? nil : instructions.joined(separator: "\n\n")
    let spoken = messages.filter { !$0.role.isInstruction }
    let end = spoken.lastIndex { $0.role == .assistant }.map { $0 + 1 } ?? 0
    // A history that ends with the assistant asks for nothing new; all of it is told, and the model goes on.
    let hasNews = spoken[end...].contains { $0.role == .user }
    past = hasNews ? Array(spoken[..<end]) : []
    present = hasNews ? Array(spoken[end...]) : spoken
  }

  /// Options written at the head of the newest user message, and that message's place in `present`.
  func newestOptions() throws -> (options: TurnOptions, prompt: [ChatMessage]) {
    guard let index = present.lastIndex(where: { $0.role == .user }) else { return (TurnOptions(), present) }
    let read = try InBandOptions(message: present[index].text)
    var prompt = present
    prompt[index] = ChatMessage(role: .user, text: read.text)
    return (read.options, prompt)
  }

  /// What the conversation's past says about options, as far as `policy` trusts it: the heads of the user's earlier
  /// messages and of our own answers. What stands at the head of an answer that this server did not put there was
  /// written by the model: it may name a session of the same principal, and nothing else.
  func pastOptions(_ policy: TurnPolicy) -> TurnOptions {
    guard policy.readsInBandOptions else { return TurnOptions() }
    var options = TurnOptions()
    for message in past where message.role == .user || message.role == .assistant {
      let isAnswer = message.role == .assistant
      let read = isAnswer ? InBandOptions(answer: message.text) : InBandOptions(lenient: message.text)
      var next = isAnswer && !policy.writesSessionIntoContent ? options : read.options.inheriting(options)
      next.sessionID = (isAnswer ? read.options.sessionID : nil) ?? options.sessionID
      options = next
    }
    return options
  }

  /// Where in the conversation `past` ends.
  func key(from start: ConversationKey) -> ConversationKey { ChatHistory.extend(start, by: past) }

  static func extend(_ key: ConversationKey, by messages: [ChatMessage]) -> ConversationKey {
    messages.reduce(key) { key, message in
      // The head of our own answers is not part of what was said; some clients cut it off.
      let text = message.role == .assistant ? InBandOptions(answer: message.text).text : message.text
      return key.appending(role: message.role.rawValue, text: text)
    }
  }

  /// The new messages as the CLI is to see them, after everything it does not know yet.
  static func prompt(_ messages: [ChatMessage], after past: [ChatMessage]) -> String {
    let isPlain = past.isEmpty && messages.allSatisfy { $0.role == .user }
    guard !isPlain else { return neutral(messages.map(\.text).joined(separator: "\n\n")) }
    let told = (past + messages).map { message in
      let calls = message.calls.map { "[called \($0)]" }
      let text = message.role == .assistant ? InBandOptions(answer: message.text).text : message.text
      return "\(title(message.role)): \(([text] + calls).filter { !$0.isEmpty }.joined(separator: "\n"))"
    }
    return "This is the conversation so far. Answer its last message.\n\n" + told.joined(separator: "\n\n")
  }

  private static func title(_ role: ChatMessage.Role) -> String {
    switch role {
    case .user: "User"
    case .assistant: "Assistant"
    case .tool: "Tool result"
    case .system, .developer: "System"
    }
  }

  /// A message that begins with `/` is a command of the CLI and never reaches the model; one blank before it makes it
  /// text.
  private static func neutral(_ text: String) -> String { text.hasPrefix("/") ? " " + text : text }
}

extension ChatMessage {
  init(role: Role, text: String) {
    self.role = role
    self.text = text
    calls = []
  }
}
