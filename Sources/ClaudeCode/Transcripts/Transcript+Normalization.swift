import Bytes

extension Transcript {
  /// The CLI's own placeholder for a message without content.
  static let nothing = "(no content)"

  /// The history in the one form that reaches the upstream unchanged. Any other form is repaired by the CLI in its own
  /// way (2.1.329: it adds line ends, placeholders and answers, or loses calls), or refused by the upstream.
  ///
  /// - Messages alternate, beginning with the user; neighbours of one role are joined.
  /// - Blank texts are left out, and so are messages that have nothing else.
  /// - Calls are at the end of their message, their results at the beginning of the next, in the same order. A call
  ///   without a result is left out, and so is a result without a call.
  /// - The result of a failed call has only texts.
  /// - Ids of calls are unique: see `CallIDs`.
  static func normalized(_ history: [ConversationMessage]) -> [ConversationMessage] {
    var messages = joined(history.map { ConversationMessage($0.role, allowed($0.content, for: $0.role)) })
    pairCalls(&messages)
    messages = joined(messages)
    if messages.first?.role == .assistant {
      messages.insert(ConversationMessage(.user, [.text(nothing)]), at: 0)
    }
    return messages
  }

  private static func joined(_ messages: [ConversationMessage]) -> [ConversationMessage] {
    messages.reduce(into: []) { joined, message in
      if message.content.isEmpty { return }
      if let last = joined.indices.last, joined[last].role == message.role {
        joined[last].content += message.content
      } else {
        joined.append(message)
      }
    }
  }

  /// The blocks that the upstream accepts from a role.
  private static func allowed(
    _ content: [ContentBlock], for role: ConversationMessage.Role
  ) -> [ContentBlock] {
    content.compactMap { block in
      switch (block, role) {
      case (.text(let text), _): text.isBlank ? nil : block
      case (.image, .user), (.document, .user), (.searchResult, .user), (.toolUse, .assistant): block
      case (.toolResult(let id, let content, let isError), .user):
        .toolResult(id: id, content: content.filter { $0.isSpoken(asError: isError) }, isError: isError)
      default: nil
      }
    }
  }

  private static func pairCalls(_ messages: inout [ConversationMessage]) {
    var ids = CallIDs()
    for index in messages.indices {
      let calls = messages[index].content.filter(\.isToolUse)
      let next = index + 1 < messages.count ? messages[index + 1].content.filter(\.isToolResult) : []
      let pairs = pairs(calls, next, &ids)
      if messages[index].role == .assistant {
        messages[index].content = messages[index].content.filter { !$0.isToolUse } + pairs.map(\.call)
        guard index + 1 < messages.count else { continue }
        messages[index + 1].content = pairs.map(\.result) + messages[index + 1].content.filter { !$0.isToolResult }
      } else if index == 0 {
        messages[index].content.removeAll(where: \.isToolResult)
      }
    }
  }

  /// Some clients repeat an id, even within a message: the n-th result of an id belongs to its n-th call.
  private static func pairs(
    _ calls: [ContentBlock], _ results: [ContentBlock], _ ids: inout CallIDs
  ) -> [(call: ContentBlock, result: ContentBlock)] {
    // Reversed, so that taking the next one moves no others.
    var waiting = Dictionary(grouping: results.reversed()) { $0.resultID ?? "" }
    return calls.compactMap { call in
      guard case .toolUse(let id, let name, let input) = call,
        case .toolResult(_, let content, let isError)? = waiting[id]?.popLast()
      else { return nil }
      let fresh = ids.unique(id)
      let call = ContentBlock.toolUse(id: fresh, name: name, input: input.object == nil ? [:] : input)
      return (call, .toolResult(id: fresh, content: content, isError: isError))
    }
  }
}

extension ContentBlock {
  var isToolUse: Bool { if case .toolUse = self { true } else { false } }
  var isToolResult: Bool { resultID != nil }

  fileprivate var resultID: String? { if case .toolResult(let id, _, _) = self { id } else { nil } }

  /// Whether the block may be part of a tool's result.
  fileprivate func isSpoken(asError isError: Bool) -> Bool {
    switch self {
    case .text(let text): !text.isBlank
    case .image, .document, .searchResult: !isError
    case .toolUse, .toolResult: false
    }
  }
}
