import ClaudeCode

/// The forced calls that sessions have answered with. Some clients tell a call in words when they send the history again,
/// so that its position does not find the session; the id of the call, which is unique, does.
struct ForcedAnswers {
  private struct Entry {
    let session: String
    /// The session's position after the call.
    let position: ConversationKey
    let callID: String
  }

  /// How many are kept; the oldest is dropped first.
  static let capacity = 1000

  private var entries: [ConversationKey: Entry] = [:]
  /// The oldest first.
  private var order: [ConversationKey] = []

  /// - Parameter key: the position before the call.
  mutating func note(_ callID: String, of session: String, at key: ConversationKey, then position: ConversationKey) {
    if entries.updateValue(Entry(session: session, position: position, callID: callID), forKey: key) != nil {
      order.removeAll { $0 == key }
    }
    order.append(key)
    if order.count > ForcedAnswers.capacity { entries[order.removeFirst()] = nil }
  }

  /// The session whose call at this position the answer tells.
  ///
  /// - Parameters:
  ///   - key: the position before the answer.
  ///   - answer: the answer's text.
  /// - Returns: the session's id, and the position at which it must still be.
  func session(at key: ConversationKey, telling answer: String) -> (id: String, position: ConversationKey)? {
    guard let entry = entries[key],
      [CallID.openAI(entry.callID), CallID.anthropic(entry.callID)].contains(where: answer.contains)
    else { return nil }
    return (entry.session, entry.position)
  }
}
